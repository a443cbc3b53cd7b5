-- A person of the catalogue who was found among the IMDb credits of the titles that matched.
-- materialized: table
with

credits as (
  select distinct title_entity, name_folded from int_title_credit
),

matches as (
  select * from int_title_match
),

principals as (
  select * from stg_imdb_principal
),

crews as (
  select * from stg_imdb_crew
),

people as (
  select * from stg_imdb_person
),

matched_principals as (
  select imdb_id, person_imdb_id, _drop
  from principals
  where imdb_id in (select imdb_id from matches)
    and category in ('director', 'actor', 'actress', 'self')
),

matched_crews as (
  select imdb_id, directors, _drop
  from crews
  where imdb_id in (select imdb_id from matches)
),

imdb_credits as (
  select imdb_id, person_imdb_id, _drop from matched_principals
  union
  select c.imdb_id, u.person_imdb_id, c._drop
  from matched_crews as c, lateral explode(split_list(c.directors)) as u(person_imdb_id)
),

newest_credits as (
  select distinct imdb_id, person_imdb_id
  from (select c.*, max(_drop) over () as newest_drop from imdb_credits as c) as c
  where _drop = newest_drop
),

credited_people as (
  select person_imdb_id, fold(person_name) as name_folded, birth_year, death_year, _drop, _object, _line
  from people
  where person_imdb_id in (select person_imdb_id from newest_credits)
),

newest_people as (
  select person_imdb_id, name_folded, birth_year, death_year
  from (
    select
      p.*,
      row_number() over (partition by person_imdb_id order by _drop desc, _object, _line) as copy
    from credited_people as p
  ) as p
  where copy = 1
),

-- The same name on both sides of a matched title, by how many titles say so.
agreements as (
  select c.name_folded, p.person_imdb_id, p.birth_year, p.death_year, count(*) as title_count
  from credits as c
  join matches as m on m.title_entity = c.title_entity
  join newest_credits as i on i.imdb_id = m.imdb_id
  join newest_people as p on p.person_imdb_id = i.person_imdb_id and p.name_folded = c.name_folded
  group by c.name_folded, p.person_imdb_id, p.birth_year, p.death_year
),

person_matches as (
  select
    name_folded,
    person_imdb_id as imdb_id,
    birth_year,
    death_year,
    cast(title_count as int) as title_count,
    cast(candidate_count as int) as candidate_count
  from (
    select
      a.*,
      count(*) over (partition by name_folded) as candidate_count,
      row_number() over (
        partition by name_folded
        order by title_count desc, length(person_imdb_id), person_imdb_id
      ) as choice
    from agreements as a
  ) as a
  where choice = 1
)

select * from person_matches
