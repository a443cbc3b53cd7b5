-- A drop of the userbase: who is listed, and how many were lost since the drop before.
-- materialized: table
with

user_drops as (
  select * from int_user_drop
),

listings as (
  select * from int_user_listing
),

snapshots as (
  select * from int_user_snapshot
),

listed as (
  select
    drop_date,
    count(*) as listed_users,
    sum(case when is_usable then 0 else 1 end) as rejected_users
  from listings
  group by drop_date
),

-- Each user of the drop before, with what this drop says of them.
followed as (
  select
    d.drop_date,
    d.is_known,
    coalesce(before.is_active, false) as was_active,
    l.user_id is null as is_missing,
    coalesce(not l.is_usable, false) as is_rejected,
    coalesce(not now.is_active, false) as is_inactive
  from user_drops as d
  inner join listings as b on d.previous_drop_date = b.drop_date
  left join snapshots as before on b.user_id = before.user_id and b.drop_date = before.drop_date
  left join listings as l on b.user_id = l.user_id and d.drop_date = l.drop_date
  left join snapshots as now on b.user_id = now.user_id and d.drop_date = now.drop_date
),

counted as (
  select
    drop_date,
    is_known as is_told,
    count(*) as users_before,
    sum(case when is_missing then 1 else 0 end) as missing,
    sum(case when was_active and is_missing then 1 else 0 end) as active_missing,
    sum(case when was_active and is_rejected then 1 else 0 end) as active_rejected,
    sum(case when was_active and is_inactive then 1 else 0 end) as inactive
  from followed
  group by drop_date, is_known
),

user_drop_counts as (
  select
    date_key(d.drop_date) as date_key,
    d.drop_date,
    d.records,
    cast(coalesce(l.listed_users - l.rejected_users, 0) as bigint) as usable_users,
    cast(coalesce(l.rejected_users, 0) as bigint) as rejected_users,
    d.unread_records,
    cast(coalesce(l.rejected_users, 0) + d.unread_records as bigint) as unknown_users,
    c.users_before,
    cast(case when c.is_told then greatest(c.missing - d.unread_records, 0) end as bigint) as gone_at_least,
    cast(case when c.is_told then c.missing end as bigint) as gone_at_most,
    cast(case when c.is_told then c.inactive + greatest(c.active_missing - d.unread_records, 0) end as bigint)
      as churned_at_least,
    cast(case when c.is_told then c.inactive + c.active_missing + c.active_rejected end as bigint)
      as churned_at_most,
    d.is_known,
    d.following_drop_date is null as is_newest
  from user_drops as d
  left join listed as l on d.drop_date = l.drop_date
  left join counted as c on d.drop_date = c.drop_date
)

select * from user_drop_counts
