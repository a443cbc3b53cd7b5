-- metric: titles --by actor
select
  "by_title_actor"."actor" as "actor",
  round(coalesce(fsum(coalesce("by_title_actor".weight, 1)), 0), 6) as "titles",
  null as "actor__sort"
from "fct_title" as fact
left join (
  select "title_actor"."title_key" as key, case when actor_person.person_key <> -1 then actor_person.person_name end as "actor", fsum("title_actor"."weight") as weight
  from "bridge_title_person" as "title_actor"
    left join "dim_person" as "actor_person" on "actor_person"."person_key" = "title_actor"."person_key"
  where (title_actor.role = 'actor')
  group by 1, 2
) as "by_title_actor" on "by_title_actor".key = fact."title_key"
group by 1
order by "titles" desc nulls last, "actor" nulls last
