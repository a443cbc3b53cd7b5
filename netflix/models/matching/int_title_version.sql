-- A title of the catalogue as known between two drops.
-- materialized: table
with

titles as (
  select * from int_title_identity
),

drops as (
  select distinct drop_no, _drop from titles
),

described as (
  select
    t.*,
    md5(concat_ws('|',
      title,
      title_type,
      coalesce(cast(release_year as string), '?'),
      coalesce(cast(date_added as string), '?'),
      coalesce(maturity_rating, '?'),
      coalesce(cast(duration_minutes as string), '?'),
      coalesce(cast(season_count as string), '?'),
      coalesce(description, '?')
    )) as attributes
  from titles as t
),

compared as (
  select
    d.*,
    case
      when lag(attributes) over (partition by title_entity order by drop_no) = attributes
        and lag(drop_no) over (partition by title_entity order by drop_no) = drop_no - 1 then 0
      else 1
    end as is_new_version
  from described as d
),

numbered as (
  select
    c.*,
    sum(is_new_version) over (partition by title_entity order by drop_no) as version_no
  from compared as c
),

spans as (
  select
    n.*,
    min(_drop) over (partition by title_entity, version_no) as valid_from,
    row_number() over (partition by title_entity, version_no order by drop_no desc) as newest_first,
    row_number() over (partition by title_entity order by drop_no desc) as newest_of_title
  from numbered as n
),

versions as (
  select
    surrogate_key(s.title_entity || '|' || cast(s.valid_from as string)) as title_key,
    s.title_entity,
    s.show_id,
    s.title,
    s.title_folded,
    s.title_type,
    s.release_year,
    s.date_added,
    s.maturity_rating,
    s.duration_minutes,
    s.season_count,
    s.description,
    s.director,
    s.casts,
    s.country,
    s.listed_in,
    s.valid_from,
    coalesce(cast(d._drop - interval '1' day as date), date '9999-12-31') as valid_to,
    d._drop is null as is_current,
    s.newest_of_title = 1 as is_newest
  from spans as s
  left join drops as d on d.drop_no = s.drop_no + 1
  where s.newest_first = 1
)

select * from versions
