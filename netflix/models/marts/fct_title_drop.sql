-- A drop of the catalogue: which titles are listed, and how many were removed since the drop before.
-- materialized: table
with

title_drops as (
  select * from int_title_drop
),

listings as (
  select * from int_title_listing
),

sightings as (
  select _drop, count(*) as rows_unusable from int_title_sighting group by _drop
),

usable as (
  select _drop, count(*) as usable_titles from listings where is_usable group by _drop
),

followed as (
  select
    d._drop,
    d.is_known as is_told,
    count(*) as titles_before,
    sum(case when l.title_entity is null then 1 else 0 end) as missing
  from title_drops as d
  inner join listings as b on d.previous_drop = b._drop
  left join listings as l on b.title_entity = l.title_entity and d._drop = l._drop
  group by d._drop, d.is_known
),

title_drop_counts as (
  select
    date_key(d._drop) as date_key,
    d._drop as drop_date,
    d.records,
    coalesce(u.usable_titles, 0) as usable_titles,
    d.unread_records,
    d.broken_records + coalesce(s.rows_unusable, 0) as unknown_titles,
    f.titles_before,
    cast(case when f.is_told then greatest(f.missing - d.unread_records, 0) end as bigint) as removed_at_least,
    cast(case when f.is_told then f.missing end as bigint) as removed_at_most,
    d.is_known,
    d.following_drop is null as is_newest
  from title_drops as d
  left join usable as u on d._drop = u._drop
  left join sightings as s on d._drop = s._drop
  left join followed as f on d._drop = f._drop
)

select * from title_drop_counts
