-- A title of the catalogue as delivered in one drop.
-- materialized: table
with

delivered as (
  select * from raw.netflix_titles
),

months as (
  select * from (values
    ('Jan', 'January'), ('Feb', 'February'), ('Mar', 'March'), ('Apr', 'April'), ('May', 'May'),
    ('Jun', 'June'), ('Jul', 'July'), ('Aug', 'August'), ('Sep', 'September'), ('Oct', 'October'),
    ('Nov', 'November'), ('Dec', 'December')
  ) as m(short_name, long_name)
),

-- Words for "no value" are blanks, except in a title: there are films called Unknown and None.
cleaned as (
  select
    clean_text(show_id) as show_id,
    clean_text(type) as type_text,
    clean_text(title) as title_text,
    strip_stray_commas(blank_words(clean_text(director))) as director,
    strip_stray_commas(blank_words(clean_text(d.cast))) as casts,
    strip_stray_commas(blank_words(clean_text(country))) as country,
    blank_words(clean_text(date_added)) as date_text,
    blank_words(clean_text(release_year)) as year_text,
    blank_words(clean_text(rating)) as rating_text,
    blank_words(clean_text(duration)) as duration_text,
    strip_stray_commas(blank_words(clean_text(listed_in))) as listed_in,
    clean_text(description) as description,
    show_id as _was_show_id,
    type as _was_type,
    title as _was_title,
    director as _was_director,
    d.cast as _was_cast,
    country as _was_country,
    date_added as _was_date_added,
    release_year as _was_release_year,
    rating as _was_rating,
    duration as _was_duration,
    listed_in as _was_listed_in,
    description as _was_description,
    _object,
    _line,
    _drop
  from delivered as d
),

-- Where a spreadsheet's date stands in place of a title, the month in it: 22-Jul, Oct-01.
dated as (
  select
    c.*,
    m.long_name as month_name,
    case
      when has_match(title_text, '^[0-9]') then try_cast(replace_matches(title_text, '-.*$', '') as int)
      else try_cast(substr(title_text, 5) as int)
    end as day_number,
    case when has_match(rating_text, '^[0-9]+ *([Mm]ins?|[Mm]inutes?|[Ss]easons?)$') then rating_text end
      as duration_in_rating
  from cleaned as c
  left join months as m
    on has_match(title_text, '^([0-9]{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-[0-9]{2})$')
    and m.short_name = replace_matches(title_text, '[-0-9]', '')
),

mended as (
  select
    d.*,
    case
      when has_match(title_text, '^#(NAME[?]|VALUE!|REF!|DIV/0!|N/A|NUM!|NULL!)$') then null
      when month_name is null or day_number not between 1 and 31 then title_text
      when has_match(title_text, '^[0-9]') then cast(day_number as string) || ' ' || month_name
      else month_name || ' ' || cast(day_number as string)
    end as title,
    case
      when fold(type_text) in ('movie', 'movies', 'film', 'films') then 'Movie'
      when fold(type_text) in ('tv show', 'tv shows', 'tv series', 'series', 'show') then 'TV Show'
    end as title_type,
    coalesce(
      parse_date(date_text, 'MMMM d, yyyy'),
      parse_date(replace_matches(date_text, '[ T][0-9:.]+Z?$', ''), 'yyyy-MM-dd'),
      parse_date(date_text, 'MMM d, yyyy'),
      parse_date(date_text, 'd MMMM yyyy'),
      parse_date(date_text, 'd-MMM-yyyy'),
      parse_date(date_text, 'd-MMM-yy'),
      case
        when parse_date(date_text, 'dd/MM/yyyy') is null
          or parse_date(date_text, 'dd/MM/yyyy') = parse_date(date_text, 'MM/dd/yyyy')
          then parse_date(date_text, 'MM/dd/yyyy')
        when parse_date(date_text, 'MM/dd/yyyy') is null then parse_date(date_text, 'dd/MM/yyyy')
      end
    ) as date_read,
    case when has_match(year_text, '^(18|19|20)[0-9][0-9]([.]0+)?$') then cast(substr(year_text, 1, 4) as int) end
      as release_year,
    case when duration_in_rating is null then rating_text end as maturity_rating,
    lower(coalesce(duration_text, duration_in_rating)) as length_text
  from dated as d
),

-- A date before there were such services, or long after the drop, was misread or mistyped.
measured as (
  select
    m.*,
    case when year(date_read) between 1990 and year(_drop) + 1 then date_read end as date_added,
    case when has_match(length_text, '^[0-9]{1,5} *min(ute)?s?$')
      then cast(replace_matches(length_text, '[^0-9]', '') as int) end as duration_minutes,
    case when has_match(length_text, '^[0-9]{1,3} *seasons?$')
      then cast(replace_matches(length_text, '[^0-9]', '') as int) end as season_count,
    row_number() over (
      partition by _drop, show_id
      order by case when title is null or title_type is null then 1 else 0 end, _object, _line
    ) as _was_copy
  from mended as m
),

titles as (
  select
    show_id,
    title,
    title_type,
    release_year,
    date_added,
    maturity_rating,
    duration_minutes,
    season_count,
    director,
    casts,
    country,
    listed_in,
    description,
    coalesce(nullif(fold(title), ''), lower(title)) as title_folded,
    _was_copy,
    _was_show_id,
    _was_type,
    _was_title,
    _was_director,
    _was_cast,
    _was_country,
    _was_date_added,
    _was_release_year,
    _was_rating,
    _was_duration,
    _was_listed_in,
    _was_description,
    duration_in_rating as _was_duration_in_rating,
    length_text as _was_length,
    _object,
    _line,
    _drop
  from measured
)

select * from titles
