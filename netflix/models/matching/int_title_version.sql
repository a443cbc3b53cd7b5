-- A title of the catalogue as known between two drops.
-- materialized: table
with

titles as (
  select * from int_title_identity
),

listings as (
  select * from int_title_listing
),

newest_drop as (
  select _drop from int_title_drop where following_drop is null
),

described as (
  select
    t.*,
    l.stay_from,
    l.gone_drop,
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
  join listings as l on l.title_entity = t.title_entity and l._drop = t._drop
),

compared as (
  select
    d.*,
    case
      when lag(attributes) over (partition by title_entity order by drop_no) = attributes
        and lag(stay_from) over (partition by title_entity order by drop_no) = stay_from then 0
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

-- A version ends with the next one of the stay, or with the stay.
ended as (
  select
    s.*,
    coalesce(
      lead(valid_from) over (partition by title_entity, stay_from order by valid_from),
      gone_drop
    ) as ending_drop
  from spans as s
  where newest_first = 1
),

newest as (
  select l.title_entity, l.is_usable
  from listings as l
  join newest_drop as d on d._drop = l._drop
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
    coalesce(cast(s.ending_drop - interval '1' day as date), date '9999-12-31') as valid_to,
    s.ending_drop is null as is_current,
    s.newest_of_title = 1 as is_newest,
    case
      when s.ending_drop is not null then null
      when n.is_usable then 'listed'
      when n.title_entity is not null then 'rejected'
      else 'uncertain'
    end as listing
  from ended as s
  left join newest as n on n.title_entity = s.title_entity
)

select * from versions
