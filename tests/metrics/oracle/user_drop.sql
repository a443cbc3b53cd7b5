-- Drops of the userbase; what is not asked by day speaks of the newest. Losses of the oldest drop are unknown, not 0.
with
told as (select *, drop_date::varchar as drop_day, is_known as drop_is_known from fct_user_drop),
newest as (select max(drop_date) as drop_date from told)

-- metric: usable_users unknown_users all_users gone_at_least gone_at_most churned_at_least churned_at_most share_unknown_users
select sum(usable_users) as usable_users,
  sum(unknown_users) as unknown_users,
  sum(usable_users) + sum(unknown_users) as all_users,
  sum(gone_at_least) as gone_at_least,
  sum(gone_at_most) as gone_at_most,
  sum(churned_at_least) as churned_at_least,
  sum(churned_at_most) as churned_at_most,
  sum(unknown_users)::double / (sum(usable_users) + sum(unknown_users)) as share_unknown_users
from told natural join newest

-- metric: usable_users unknown_users all_users gone_at_least gone_at_most churned_at_least churned_at_most share_unknown_users --by day
select drop_date as day, sum(usable_users) as usable_users,
  sum(unknown_users) as unknown_users,
  sum(usable_users) + sum(unknown_users) as all_users,
  sum(gone_at_least) as gone_at_least,
  sum(gone_at_most) as gone_at_most,
  sum(churned_at_least) as churned_at_least,
  sum(churned_at_most) as churned_at_most,
  sum(unknown_users)::double / (sum(usable_users) + sum(unknown_users)) as share_unknown_users
from told group by drop_date

-- metric: usable_users unknown_users all_users gone_at_least gone_at_most churned_at_least churned_at_most share_unknown_users --by year
select date_trunc('year', drop_date)::date as year, sum(usable_users) as usable_users,
  sum(unknown_users) as unknown_users,
  sum(usable_users) + sum(unknown_users) as all_users,
  sum(gone_at_least) as gone_at_least,
  sum(gone_at_most) as gone_at_most,
  sum(churned_at_least) as churned_at_least,
  sum(churned_at_most) as churned_at_most,
  sum(unknown_users)::double / (sum(usable_users) + sum(unknown_users)) as share_unknown_users
from told where drop_date in (select max(drop_date) from told group by year(drop_date)) group by 1

-- metric: usable_users unknown_users all_users gone_at_least gone_at_most churned_at_least churned_at_most share_unknown_users --by drop_day,drop_is_known --totals
select if(grouping(drop_day) = 1, '(total)', drop_day) as drop_day, drop_is_known, sum(usable_users) as usable_users,
  sum(unknown_users) as unknown_users,
  sum(usable_users) + sum(unknown_users) as all_users,
  sum(gone_at_least) as gone_at_least,
  sum(gone_at_most) as gone_at_most,
  sum(churned_at_least) as churned_at_least,
  sum(churned_at_most) as churned_at_most,
  sum(unknown_users)::double / (sum(usable_users) + sum(unknown_users)) as share_unknown_users
from told natural join newest group by grouping sets ((drop_day, drop_is_known), ())

-- metric: usable_users unknown_users all_users gone_at_least gone_at_most churned_at_least churned_at_most share_unknown_users --by drop_day --where "drop_is_known = true"
select drop_day, sum(usable_users) as usable_users,
  sum(unknown_users) as unknown_users,
  sum(usable_users) + sum(unknown_users) as all_users,
  sum(gone_at_least) as gone_at_least,
  sum(gone_at_most) as gone_at_most,
  sum(churned_at_least) as churned_at_least,
  sum(churned_at_most) as churned_at_most,
  sum(unknown_users)::double / (sum(usable_users) + sum(unknown_users)) as share_unknown_users
from told natural join newest where drop_is_known group by drop_day
