-- A title as delivered in one drop, with the key that follows it from drop to drop.
-- materialized: table
with

titles as (
  select * from stg_netflix_title
),

drops as (
  select _drop, row_number() over (order by _drop) as drop_no
  from (select distinct _drop from titles) as d
),

delivered as (
  select
    t.*,
    d.drop_no,
    case title_type
      when 'Movie' then title_folded || '|Movie|' || coalesce(cast(release_year as string), '')
      else title_folded || '|' || title_type
    end as natural_key
  from titles as t
  join drops as d on d._drop = t._drop
),

-- How many numbers two neighbouring drops share, and how many of those mean the same title in both.
shared_numbers as (
  select
    later.drop_no,
    count(*) as shared,
    sum(case when later.title_folded = earlier.title_folded then 1 else 0 end) as agreeing
  from delivered as later
  join delivered as earlier on earlier.show_id = later.show_id and earlier.drop_no + 1 = later.drop_no
  group by later.drop_no
),

-- An era is a run of drops over which numbers kept their meaning.
eras as (
  select
    d.drop_no,
    sum(case when s.agreeing * 2 >= s.shared then 0 else 1 end) over (order by d.drop_no) as era
  from drops as d
  left join shared_numbers as s on s.drop_no = d.drop_no
),

neighbours as (
  select
    d.*,
    e.era,
    lag(title_folded) over (partition by e.era, show_id order by d.drop_no) as previous_title,
    lag(title_type) over (partition by e.era, show_id order by d.drop_no) as previous_type,
    lag(release_year) over (partition by e.era, show_id order by d.drop_no) as previous_year
  from delivered as d
  join eras as e on e.drop_no = d.drop_no
),

-- Within an era a number goes to another title when the type changes, or title and year together.
lives as (
  select
    n.*,
    sum(case
      when previous_title is null then 0
      when previous_type <> title_type then 1
      when previous_title <> title_folded
        and coalesce(previous_year, 0) <> coalesce(release_year, 0) then 1
      else 0
    end) over (partition by era, show_id order by drop_no) as life
  from neighbours as n
),

first_seen as (
  select
    era,
    show_id,
    life,
    natural_key,
    drop_no,
    date_added,
    row_number() over (partition by era, show_id, life order by drop_no) as sighting
  from lives
),

-- Titles that nothing distinguishes are numbered in the order in which they came.
entities as (
  select
    era,
    show_id,
    life,
    natural_key || '|' || cast(row_number() over (
      partition by era, natural_key
      order by drop_no, date_added nulls last, length(show_id), show_id
    ) as string) as title_entity
  from first_seen
  where sighting = 1
),

identified as (
  select
    e.title_entity,
    l._drop,
    l.drop_no,
    l.era,
    l.show_id,
    l.title,
    l.title_folded,
    l.title_type,
    l.release_year,
    l.date_added,
    l.maturity_rating,
    l.duration_minutes,
    l.season_count,
    l.description,
    l.director,
    l.casts,
    l.country,
    l.listed_in
  from lives as l
  join entities as e on e.era = l.era and e.show_id = l.show_id and e.life = l.life
)

select * from identified
