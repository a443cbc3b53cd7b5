-- A title of the catalogue as delivered in one drop.
-- materialized: table
with

delivered as (
  select * from raw.netflix_titles
),

twins as (
  select * from int_title_twin
),

lettered as (
  select
    show_id as _was_show_id,
    type as _was_type,
    title as _was_title,
    d.director as _was_director,
    d.cast as _was_cast,
    d.country as _was_country,
    date_added as _was_date_added,
    release_year as _was_release_year,
    rating as _was_rating,
    duration as _was_duration,
    listed_in as _was_listed_in,
    d.description as _was_description,
    coalesce(t.written_title, t.lettered_title, d.title) as title,
    coalesce(t.director, d.director) as director,
    coalesce(t.casts, d.cast) as casts,
    coalesce(t.country, d.country) as country,
    coalesce(t.description, d.description) as description,
    t.written_title as _was_written_title,
    t.lettered_title as _was_lettered_title,
    t.director as _was_lettered_director,
    t.casts as _was_lettered_cast,
    t.country as _was_lettered_country,
    t.description as _was_lettered_description,
    case when t.written_title is null then t.candidates end as title_candidates,
    _object,
    _line,
    _drop,
    _convention
  from delivered as d
  left join twins as t on t.twin_object = d._object and t.twin_line = d._line
),

texts as (
  select
    l.*,
    clean_text(_was_show_id) as show_id_text,
    clean_text(_was_type) as type_text,
    clean_text(title) as title_text,
    comma_list(clean_text(director)) as director_list,
    comma_list(clean_text(casts)) as cast_list,
    comma_list(clean_text(country)) as country_list,
    clean_text(_was_date_added) as added_text,
    clean_text(_was_release_year) as release_text,
    clean_text(_was_rating) as rated_text,
    clean_text(_was_duration) as lasting_text,
    comma_list(clean_text(_was_listed_in)) as genre_list,
    clean_text(description) as description_text
  from lettered as l
),

-- Words for "no value" are blanks, except in a title: there are films called Unknown and None. Nor is a
-- person blank who is called Null, where a program would write NULL.
cleaned as (
  select
    t.*,
    blank_words(show_id_text) as show_id,
    strip_stray_commas(blank_name_words(director_list)) as directors,
    strip_stray_commas(blank_name_words(cast_list)) as actors,
    strip_stray_commas(blank_words(country_list)) as countries,
    blank_words(added_text) as date_text,
    blank_words(release_text) as year_text,
    blank_words(rated_text) as rating_text,
    blank_words(lasting_text) as duration_text,
    strip_stray_commas(blank_words(genre_list)) as listed_in,
    blank_name_words(description_text) as synopsis
  from texts as t
),

-- A date in figures is read as its column is written; where nothing is known, only if it can be read in one way.
slipped as (
  select
    c.*,
    case when has_match(rating_text, '^[0-9]+ *([Mm]ins?|[Mm]inutes?|[Ss]easons?)$') then rating_text end
      as duration_in_rating,
    case
      when has_match(date_text, '^[0-9]{1,2}[-/.][0-9]{1,2}[-/.]')
        and not is_written(_convention, 'date_added', 'day_first')
        and not is_written(_convention, 'date_added', 'month_first')
        then ';date_added=undecided;'
      else _convention
    end as date_convention
  from cleaned as c
),

mended as (
  select
    d.*,
    case
      when has_match(title_text, '^#(NAME[?]|VALUE!|REF!|DIV/0!|N/A|NUM!|NULL!)$') then null
      else title_text
    end as title_read,
    case
      when fold(type_text) in ('movie', 'movies', 'film', 'films') then 'Movie'
      when fold(type_text) in ('tv show', 'tv shows', 'tv series', 'series', 'show') then 'TV Show'
    end as title_type,
    date_by(date_text, date_convention, 'date_added') as date_read,
    year_in(year_text) as release_year,
    case when duration_in_rating is null then rating_text end as maturity_rating,
    lower(coalesce(duration_text, duration_in_rating)) as length_text
  from slipped as d
),

-- A date before there were such services, or long after the drop, was misread or mistyped.
measured as (
  select
    m.*,
    case when year(date_read) between 1990 and year(_drop) + 1 then date_read end as date_added,
    minutes_in(length_text) as duration_minutes,
    seasons_in(length_text) as season_count,
    row_number() over (
      partition by _drop, show_id
      order by case when title_read is null or title_type is null then 1 else 0 end, _object, _line
    ) as _was_copy
  from mended as m
),

titles as (
  select
    show_id,
    title_read as title,
    title_type,
    release_year,
    date_added,
    maturity_rating,
    duration_minutes,
    season_count,
    directors as director,
    actors as casts,
    countries as country,
    listed_in,
    synopsis as description,
    coalesce(nullif(fold(title_read), ''), lower(title_read)) as title_folded,
    title_candidates,
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
    _was_written_title,
    _was_lettered_title,
    _was_lettered_director,
    _was_lettered_cast,
    _was_lettered_country,
    _was_lettered_description,
    duration_in_rating as _was_duration_in_rating,
    length_text as _was_length,
    _object,
    _line,
    _drop
  from measured
)

select * from titles
