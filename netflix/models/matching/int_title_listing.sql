-- A title that a drop of the catalogue lists, in a row that is usable or is not.
-- materialized: table
with

titles as (
  select title_entity, _drop from int_title_identity
),

rejected_titles as (
  select distinct title_entity, _drop from int_title_sighting where title_entity is not null
),

title_drops as (
  select * from int_title_drop
),

listed as (
  select title_entity, _drop, true as is_usable from titles
  union all
  select r.title_entity, r._drop, false as is_usable
  from rejected_titles as r
  left join titles as t on r.title_entity = t.title_entity and r._drop = t._drop
  where t.title_entity is null
),

-- Whole drops between two that list a title are those that certainly do not.
compared as (
  select
    l.*,
    d.whole_drops,
    d.whole_drops - case when d.is_whole then 1 else 0 end as whole_drops_before,
    lag(d.whole_drops) over (partition by l.title_entity order by l._drop) as whole_drops_at_last
  from listed as l
  inner join title_drops as d on l._drop = d._drop
),

numbered as (
  select
    *,
    sum(case when whole_drops_before > whole_drops_at_last then 1 else 0 end)
      over (partition by title_entity order by _drop) as stay
  from compared
),

stays as (
  select
    title_entity,
    _drop,
    is_usable,
    min(_drop) over (partition by title_entity, stay) as stay_from,
    max(whole_drops) over (partition by title_entity, stay) as whole_drops_at_end
  from numbered
),

listings as (
  select
    s.title_entity,
    s._drop,
    s.is_usable,
    s.stay_from,
    d._drop as gone_drop
  from stays as s
  left join title_drops as d on d.is_whole and s.whole_drops_at_end + 1 = d.whole_drops
)

select * from listings
