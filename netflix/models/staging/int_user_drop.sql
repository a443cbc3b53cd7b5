-- A drop of the userbase that holds records, and how far it tells who is listed.
-- materialized: view
with

deliveries as (
  select * from drops.netflix_userbase where records > 0
),

-- Rows whose user nobody can read, besides the records of broken structure.
nameless as (
  select drop_date, count(*) as rows_rejected
  from rejected.stg_netflix_user
  where user_id is null
  group by drop_date
),

counted as (
  select
    d._drop as drop_date,
    d.records,
    d.rejected + coalesce(n.rows_rejected, 0) as unread_records
  from deliveries as d
  left join nameless as n on d._drop = n.drop_date
),

user_drops as (
  select
    drop_date,
    lag(drop_date) over (order by drop_date) as previous_drop_date,
    lead(drop_date) over (order by drop_date) as following_drop_date,
    records,
    unread_records,
    unread_records = 0 as is_whole,
    cast(sum(case when unread_records = 0 then 1 else 0 end) over (order by drop_date) as integer)
      as whole_drops,
    unread_records * 20 <= records as is_known
  from counted
)

select * from user_drops
