-- A user that a drop of the userbase lists, in a row that is usable or is not.
-- materialized: table
with

users as (
  select user_id, drop_date from stg_netflix_user
),

rejected_users as (
  select distinct user_id, drop_date from rejected.stg_netflix_user where user_id is not null
),

user_drops as (
  select * from int_user_drop
),

listed as (
  select user_id, drop_date, true as is_usable from users
  union all
  select r.user_id, r.drop_date, false as is_usable
  from rejected_users as r
  left join users as u on r.user_id = u.user_id and r.drop_date = u.drop_date
  where u.user_id is null
),

-- Whole drops between two that list a user are those that certainly do not.
compared as (
  select
    l.*,
    d.whole_drops,
    d.whole_drops - case when d.is_whole then 1 else 0 end as whole_drops_before,
    lag(d.whole_drops) over (partition by l.user_id order by l.drop_date) as whole_drops_at_last
  from listed as l
  inner join user_drops as d on l.drop_date = d.drop_date
),

numbered as (
  select
    *,
    sum(case when whole_drops_before > whole_drops_at_last then 1 else 0 end)
      over (partition by user_id order by drop_date) as stay
  from compared
),

stays as (
  select
    user_id,
    drop_date,
    is_usable,
    min(drop_date) over (partition by user_id, stay) as stay_from,
    max(whole_drops) over (partition by user_id, stay) as whole_drops_at_end
  from numbered
),

listings as (
  select
    s.user_id,
    s.drop_date,
    s.is_usable,
    s.stay_from,
    d.drop_date as gone_drop_date
  from stays as s
  left join user_drops as d on d.is_whole and s.whole_drops_at_end + 1 = d.whole_drops
)

select * from listings
