-- Drops of the catalogue; what is not asked by day speaks of the newest. Removals of the oldest drop are unknown, not 0.
with
told as (select *, drop_date::varchar as drop_day, is_known as drop_is_known from fct_title_drop),
newest as (select max(drop_date) as drop_date from told)

-- metric: usable_titles unknown_titles all_titles removed_at_least removed_at_most share_unknown_titles
select sum(usable_titles) as usable_titles,
  sum(unknown_titles) as unknown_titles,
  sum(usable_titles) + sum(unknown_titles) as all_titles,
  sum(removed_at_least) as removed_at_least,
  sum(removed_at_most) as removed_at_most,
  sum(unknown_titles)::double / (sum(usable_titles) + sum(unknown_titles)) as share_unknown_titles
from told natural join newest

-- metric: usable_titles unknown_titles all_titles removed_at_least removed_at_most share_unknown_titles --by day
select drop_date as day, sum(usable_titles) as usable_titles,
  sum(unknown_titles) as unknown_titles,
  sum(usable_titles) + sum(unknown_titles) as all_titles,
  sum(removed_at_least) as removed_at_least,
  sum(removed_at_most) as removed_at_most,
  sum(unknown_titles)::double / (sum(usable_titles) + sum(unknown_titles)) as share_unknown_titles
from told group by drop_date

-- metric: usable_titles unknown_titles all_titles removed_at_least removed_at_most share_unknown_titles --by year
select date_trunc('year', drop_date)::date as year, sum(usable_titles) as usable_titles,
  sum(unknown_titles) as unknown_titles,
  sum(usable_titles) + sum(unknown_titles) as all_titles,
  sum(removed_at_least) as removed_at_least,
  sum(removed_at_most) as removed_at_most,
  sum(unknown_titles)::double / (sum(usable_titles) + sum(unknown_titles)) as share_unknown_titles
from told where drop_date in (select max(drop_date) from told group by year(drop_date)) group by 1

-- metric: usable_titles unknown_titles all_titles removed_at_least removed_at_most share_unknown_titles --by drop_day,drop_is_known --totals
select if(grouping(drop_day) = 1, '(total)', drop_day) as drop_day, drop_is_known, sum(usable_titles) as usable_titles,
  sum(unknown_titles) as unknown_titles,
  sum(usable_titles) + sum(unknown_titles) as all_titles,
  sum(removed_at_least) as removed_at_least,
  sum(removed_at_most) as removed_at_most,
  sum(unknown_titles)::double / (sum(usable_titles) + sum(unknown_titles)) as share_unknown_titles
from told natural join newest group by grouping sets ((drop_day, drop_is_known), ())

-- metric: usable_titles unknown_titles all_titles removed_at_least removed_at_most share_unknown_titles --by drop_day --where "drop_is_known = true"
select drop_day, sum(usable_titles) as usable_titles,
  sum(unknown_titles) as unknown_titles,
  sum(usable_titles) + sum(unknown_titles) as all_titles,
  sum(removed_at_least) as removed_at_least,
  sum(removed_at_most) as removed_at_most,
  sum(unknown_titles)::double / (sum(usable_titles) + sum(unknown_titles)) as share_unknown_titles
from told natural join newest where drop_is_known group by drop_day
