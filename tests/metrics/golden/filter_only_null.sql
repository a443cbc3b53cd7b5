-- metric: titles --where "director = null"
select
  count(*) as "titles"
from "fct_title" as fact
where (fact."title_key" in (
    select "title_director"."title_key" from "bridge_title_person" as "title_director"
    left join "dim_person" as "director_person" on "director_person"."person_key" = "title_director"."person_key"
    where (title_director.role = 'director') and (case when director_person.person_key <> -1 then director_person.person_name end) is null)
  or fact."title_key" not in (
    select "title_director"."title_key" from "bridge_title_person" as "title_director"
    left join "dim_person" as "director_person" on "director_person"."person_key" = "title_director"."person_key"
    where (title_director.role = 'director')))
order by "titles" desc nulls last
