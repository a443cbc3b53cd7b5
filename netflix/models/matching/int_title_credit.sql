-- A name in the director or the cast cell of a catalogue title.
-- materialized: table
with

titles as (
  select * from int_title_version
),

printed as (
  select t.title_key, t.title_entity, 'director' as role, u.pos, u.person_name
  from titles as t, lateral posexplode(split_list(t.director)) as u(pos, person_name)
  union all
  select t.title_key, t.title_entity, 'actor' as role, u.pos, u.person_name
  from titles as t, lateral posexplode(split_list(t.casts)) as u(pos, person_name)
),

folded as (
  select p.*, coalesce(nullif(fold(person_name), ''), person_name) as name_folded
  from printed as p
),

-- A name that stands twice in one cell is one credit.
credits as (
  select
    title_key,
    title_entity,
    role,
    name_folded,
    person_name,
    cast(row_number() over (partition by title_key, role order by pos) as int) as ordinal
  from (
    select f.*, row_number() over (partition by title_key, role, name_folded order by pos) as mention
    from folded as f
  ) as f
  where mention = 1
)

select * from credits
