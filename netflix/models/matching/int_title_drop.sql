-- A drop of the catalogue that holds records, and how far it tells which titles are listed.
-- materialized: view
with

deliveries as (
  select * from drops.netflix_titles where records > 0
),

nameless as (
  select _drop, count(*) as rows_rejected from int_title_sighting where not is_read group by _drop
),

counted as (
  select
    d._drop,
    d.records,
    d.rejected as broken_records,
    d.rejected + coalesce(n.rows_rejected, 0) as unread_records
  from deliveries as d
  left join nameless as n on d._drop = n._drop
),

title_drops as (
  select
    _drop,
    lag(_drop) over (order by _drop) as previous_drop,
    lead(_drop) over (order by _drop) as following_drop,
    records,
    broken_records,
    unread_records,
    unread_records = 0 as is_whole,
    cast(sum(case when unread_records = 0 then 1 else 0 end) over (order by _drop) as integer) as whole_drops,
    unread_records * 20 <= records as is_known
  from counted
)

select * from title_drops
