-- metric: titles --by production_region,production_country
select
  "by_title_country"."production_region" as "production_region",
  "by_title_country"."production_country" as "production_country",
  round(coalesce(fsum(coalesce("by_title_country".weight, 1)), 0), 6) as "titles",
  null as "production_region__sort",
  null as "production_country__sort"
from "fct_title" as fact
left join (
  select "title_country"."title_key" as key, made_in.region as "production_region", case when made_in.country_key <> -1 then made_in.country_name end as "production_country", fsum("title_country"."weight") as weight
  from "bridge_title_country" as "title_country"
    left join "dim_country" as "made_in" on "made_in"."country_key" = "title_country"."country_key"
  group by 1, 2, 3
) as "by_title_country" on "by_title_country".key = fact."title_key"
group by 1, 2
order by "titles" desc nulls last, "production_region" nulls last, "production_country" nulls last
