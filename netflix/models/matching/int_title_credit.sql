-- A name in the director or the cast cell of a catalogue title.
-- materialized: table
with

titles as (
  select * from int_title_version
),

suffixes as (
  select * from seed.name_suffix
),

printed as (
  select t.title_key, t.title_entity, 'director' as role, u.pos, u.part
  from titles as t, lateral posexplode(split_list(t.director)) as u(pos, part)
  union all
  select t.title_key, t.title_entity, 'actor' as role, u.pos, u.part
  from titles as t, lateral posexplode(split_list(t.casts)) as u(pos, part)
),

suffix_parts as (
  select p.title_key, p.role, p.pos, p.part
  from printed as p
  inner join suffixes as s on s.suffix = p.part
  where p.pos > 0
),

-- A suffix belongs to the name before it: "Louis Ferrigno, Jr." is one person.
named as (
  select
    p.title_key,
    p.title_entity,
    p.role,
    p.pos,
    p.part || coalesce(' ' || a.part || coalesce(' ' || b.part, ''), '') as person_name
  from printed as p
  left join suffix_parts as a on a.title_key = p.title_key and a.role = p.role and a.pos = p.pos + 1
  left join suffix_parts as b on b.title_key = p.title_key and b.role = p.role and b.pos = p.pos + 2
  left join suffix_parts as own on own.title_key = p.title_key and own.role = p.role and own.pos = p.pos
  where own.part is null
),

folded as (
  select n.*, coalesce(nullif(fold(person_name), ''), person_name) as name_folded
  from named as n
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
