-- A title whose text is damaged, with what records that have the text say of it.
-- materialized: table
with

delivered as (
  select * from raw.netflix_titles
),

months as (
  select * from seed.month_name
),

-- As delivered but for spaces: what is taken over is cleaned like any other cell.
cells as (
  select
    trim(type) as type_text,
    trim(title) as title_text,
    letters_kept(trim(title)) as title_kept,
    substr(trim(release_year), 1, 4) as year_text,
    director,
    d.cast as casts,
    country,
    trim(description) as description,
    _object,
    _line
  from delivered as d
),

-- What a spreadsheet makes of a title that looks like a date, a time or a number to it.
shaped as (
  select
    c.*,
    case
      when not has_match(title_text, '[0-9]') then null
      when has_match(title_text, '^[0-9]{1,2}-[^-0-9 ]{3,5}[.]?(-[0-9]{2}|-[0-9]{4})?$') then 'day_month'
      when has_match(title_text, '^[^-0-9 ]{3,5}[.]?-[0-9]{2}$') then 'month_day'
      when has_match(title_text, '^[0-9]{1,2}/[0-9]{1,2}/([0-9]{2}|[0-9]{4})$') then 'figures'
      when has_match(title_text, '^[0-9]{4}-[0-9]{2}-[0-9]{2}( 00:00:00)?$') then 'iso'
      when has_match(title_text, '^[2-5][0-9]{4}$') then 'serial'
      when has_match(title_text, '^(0[0-9]:[0-5][0-9]|[0-9]{1,2}:[0-5][0-9]:00)$') then 'time'
      when has_match(title_text, '^[0-9]+[.]0$') then 'decimal'
    end as shape
  from cells as c
),

dated as (
  select
    s.*,
    case shape
      when 'serial' then add_days(date '1899-12-30', cast(title_text as int))
      when 'iso' then parse_date(substr(title_text, 1, 10), 'yyyy-MM-dd')
      when 'figures' then coalesce(
        parse_date(replace_matches(title_text, '/[0-9]+$', '/2000'), 'MM/dd/yyyy'),
        parse_date(replace_matches(title_text, '/[0-9]+$', '/2000'), 'dd/MM/yyyy'))
    end as as_date,
    case shape
      when 'day_month' then fold(replace_matches(title_text, '[-0-9]', ''))
      when 'month_day' then fold(replace_matches(title_text, '[-0-9]', ''))
    end as month_folded
  from shaped as s
  where shape is not null
),

damaged as (
  select
    d.*,
    coalesce(m.english, n.english) as month_name,
    case shape
      when 'day_month' then cast(replace_matches(title_text, '-.*$', '') as int)
      when 'month_day' then cast(replace_matches(title_text, '^.*-', '') as int)
      else day(as_date)
    end as day_number
  from dated as d
  left join months as m on m.name_folded = d.month_folded
  left join months as n on cast(n.month as int) = month(d.as_date) and n.name_folded = lower(n.english)
),

-- 22-Jul may have been July 22 or 22 July: what is certain is the month and the day.
suspects as (
  select
    d.*,
    case
      when shape = 'time' then cast(cast(replace_matches(title_text, ':.*$', '') as int) as string)
        || substr(replace_matches(title_text, '^[0-9]+', ''), 1, 3)
      when shape = 'decimal' then replace(title_text, '.0', '')
      when month_name is not null and day_number between 1 and 31
        then month_name || ' ' || cast(day_number as string)
    end as candidate,
    case
      when month_name is not null and day_number between 1 and 31
        then cast(day_number as string) || ' ' || month_name
    end as other_candidate
  from damaged as d
),

-- Records of the same work that hold its title: same type, year and description, in any drop.
titles_told as (
  select
    u._object,
    u._line,
    case when count(distinct fold(s.title_text)) = 1 then max(s.title_text) end as title
  from suspects as u
  inner join shaped as s
    on s.type_text = u.type_text and s.year_text = u.year_text and s.description = u.description
  where s.shape is null
    and (fold(s.title_text) in (fold(u.candidate), fold(u.other_candidate))
      or concat(' ', fold(s.title_text), ' ') like concat('% ', cast(u.day_number as string), ' %'))
  group by u._object, u._line
),

-- A known form where nothing else is told: the parts of Oct-01 stand as in October 1.
titles as (
  select
    u._object,
    u._line,
    coalesce(
      t.title,
      case when u.shape = 'month_day' and has_match(u.title_text, '^[A-Z][a-z]{2}-[0-9]{2}$') then u.candidate end
    ) as title,
    concat_ws(', ', u.candidate, u.other_candidate) as candidates
  from suspects as u
  left join titles_told as t on t._object = u._object and t._line = u._line
  where u.candidate is not null
),

bereft as (
  select *
  from cells
  where has_match(title_text, '[?]')
    or has_lost_letters(concat_ws(' ', title_text, director, casts, country, description))
),

-- Beside each a record of the same title, by what is left of its letters.
beside as (
  select
    b.*,
    w.title_text as whole_title,
    w.director as whole_director,
    w.casts as whole_casts,
    w.country as whole_country,
    w.description as whole_description
  from bereft as b
  inner join cells as w
    on w.type_text = b.type_text and w.year_text = b.year_text and w.title_kept = b.title_kept
),

pairs as (
  select _object, _line, 'title' as cell, title_text as damaged, whole_title as whole from beside
  union all
  select _object, _line, 'director' as cell, director as damaged, whole_director as whole from beside
  union all
  select _object, _line, 'casts' as cell, casts as damaged, whole_casts as whole from beside
  union all
  select _object, _line, 'country' as cell, country as damaged, whole_country as whole from beside
  union all
  select _object, _line, 'description' as cell, description as damaged, whole_description as whole from beside
),

-- A cell is certain where every record that has its letters says the same.
letters_told as (
  select _object, _line, cell, max(whole) as whole
  from pairs
  where restores_letters(whole, damaged)
  group by _object, _line, cell
  having count(distinct whole) = 1
),

told as (
  select _object, _line, 'written_title' as cell, title as whole, candidates from titles
  union all
  select _object, _line, cell, whole, cast(null as string) as candidates from letters_told
),

title_twins as (
  select
    _object as twin_object,
    _line as twin_line,
    max(case when cell = 'written_title' then whole end) as written_title,
    max(candidates) as candidates,
    max(case when cell = 'title' then whole end) as lettered_title,
    max(case when cell = 'director' then whole end) as director,
    max(case when cell = 'casts' then whole end) as casts,
    max(case when cell = 'country' then whole end) as country,
    max(case when cell = 'description' then whole end) as description
  from told
  group by _object, _line
)

select * from title_twins
