-- A person in a role on a title.
-- materialized: table
with

titles as (
  select * from int_title_version
),

credits as (
  select * from int_title_credit
),

roles as (
  select * from (values ('director'), ('actor')) as r(role)
),

-- A title that names nobody in a role has the unknown person, so that weighted totals lose no title.
completed as (
  select
    t.title_key,
    r.role,
    coalesce(surrogate_key(c.name_folded), -1) as person_key,
    coalesce(c.ordinal, 1) as ordinal
  from titles as t
  cross join roles as r
  left join credits as c on c.title_key = t.title_key and c.role = r.role
),

people_of_title as (
  select
    title_key,
    person_key,
    role,
    ordinal,
    cast(1 as double) / count(*) over (partition by title_key, role) as weight
  from completed
)

select * from people_of_title
