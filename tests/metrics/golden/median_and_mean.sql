-- metric: median_days_to_platform mean_content_age --by title_type
select
  title.title_type as "title_type",
  median(fact.days_to_platform) as "median_days_to_platform",
  round(favg(fact.content_age_years), 12) as "mean_content_age",
  null as "title_type__sort"
from "fct_title" as fact
left join "dim_title" as "title" on "title"."title_key" = "fact"."title_key"
group by 1
order by "median_days_to_platform" desc nulls last, "title_type" nulls last
