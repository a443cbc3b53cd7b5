-- A row of the catalogue that was delivered and is unusable, with the title that it lists.
-- materialized: table
with

titles as (
  select * from int_title_identity
),

rejected_rows as (
  select * from rejected.stg_netflix_title
),

eras as (
  select _drop, era, min(_drop) over (partition by era) as era_from, min(_drop) over () as first_drop
  from (select distinct _drop, era from titles) as d
),

-- A row whose number has a usable row in the drop was delivered twice: its title is there.
unusable as (
  select
    r._object,
    r._line,
    r._drop,
    r.show_id,
    r.title_folded,
    r.title_type,
    r.release_year,
    e.era,
    e.era_from,
    e.first_drop
  from rejected_rows as r
  left join eras as e on r._drop = e._drop
  left join titles as t on r._drop = t._drop and r.show_id = t.show_id
  where t.show_id is null
),

-- A row with a name: within an era the number tells the title, unless title and year tell another; else title,
-- type and year do.
named_candidates as (
  select
    u._object,
    u._line,
    t.title_entity,
    row_number() over (
      partition by u._object, u._line
      order by
        case when t.era = u.era and t.show_id = u.show_id then 0 else 1 end,
        case when t._drop < u._drop then 0 else 1 end,
        abs(days_between(t._drop, u._drop)),
        t.title_entity
    ) as choice
  from unusable as u
  inner join titles as t
    on t._drop <> u._drop
    and (
      (
        t.era = u.era and t.show_id = u.show_id
        and (t.title_folded = u.title_folded or coalesce(t.release_year = u.release_year, true))
      )
      or (
        t.title_folded = u.title_folded
        and coalesce(t.title_type = u.title_type, true)
        and coalesce(t.release_year = u.release_year, true)
      )
    )
  where u.title_folded is not null
),

named as (
  select u.*, coalesce(c.title_entity, 'unusable|' || u.title_folded) as title_entity
  from unusable as u
  left join named_candidates as c on u._object = c._object and u._line = c._line and c.choice = 1
  where u.title_folded is not null
),

-- A row without a name: only rows of its era with the same number tell the title.
numbers as (
  select era, show_id, _drop, title_entity from titles
  union all
  select era, show_id, _drop, title_entity from named
),

numbered as (
  select
    u._object,
    u._line,
    n.title_entity,
    row_number() over (
      partition by u._object, u._line
      order by
        case when n._drop < u._drop then 0 else 1 end,
        abs(days_between(n._drop, u._drop)),
        n.title_entity
    ) as choice
  from unusable as u
  inner join numbers as n on u.era = n.era and u.show_id = n.show_id and u._drop <> n._drop
  where u.title_folded is null
),

-- A number that the first era does not know is a new title's; in a later era it may be that of a title which had
-- another number before.
sightings as (
  select _object, _line, _drop, title_entity, true as is_read from named
  union all
  select
    u._object,
    u._line,
    u._drop,
    n.title_entity,
    coalesce(n.title_entity is not null or (u.show_id is not null and u.era_from = u.first_drop), false) as is_read
  from unusable as u
  left join numbered as n on u._object = n._object and u._line = n._line and n.choice = 1
  where u.title_folded is null
)

select * from sightings
