-- A row is a credit of a person on an IMDb title: cast first, then directors, writers and others.
-- writes: raw/imdb/title.principals.tsv.gz
copy (
  with counted as (
    select title_no, h, tconst, family, cast_people, director_people,
      if(k is null, cast_size(h, family), least(10, len(cast_people)))::int as actors,
      if(k is null, director_count(h), len(director_people))::int as directors,
      writer_count(h) as writers, other_count(h, family) as others
    from imdb_titles()
  ),
  placed as (
    select *, unnest(range(1, actors + directors + writers + others + 1)) as place from counted
  ),
  credited as (
    select *,
      case when place <= actors then coalesce(cast_people[place],
        credited_actor(title_no, h, place))
           when place <= actors + directors
             then coalesce(director_people[place - actors],
               credited_director(title_no, h, place - actors))
           when place <= actors + directors + writers then credited_writer(h,
             place - actors - directors)
           else some_person(h, 440 + place) end as person,
      if(place <= actors, 'cast', if(place <= actors + directors, 'director',
        if(place <= actors + directors + writers, 'writer', 'other'))) as part,
      ['producer', 'composer', 'cinematographer', 'editor', 'production_designer'][
        1 + (place + below(h, 61, 5)) % 5] as other_category,
      family = 'serial' and cast_people is null and draw(h, 60) % 100 < 45 as as_self
    from placed
  )
  select tconst, place as ordering, imdb_person_id(person) as nconst,
    case part when 'cast' then if(as_self, 'self', if(is_woman(person), 'actress', 'actor'))
              when 'other' then other_category
              else part end as category,
    case when part = 'other' and other_category = 'producer' then 'producer'
         when part = 'writer' and draw(h, 460 + place) % 8 = 0 then 'created by' end as job,
    case when part <> 'cast' then null
         when as_self then '["Self"]'
         when draw(h, 480 + place) % 5 = 0 then null
         else '["' || if(is_woman(person), pick('female_names', h, 500 + place),
           pick('male_names', h, 500 + place))
           || if(draw(h, 520 + place) % 2 = 0, ' ' || pick('nouns', h, 540 + place), '')
             || '"]' end as characters
  from credited
) to (getvariable('output')) (format csv, header, delim '\t', quote '', escape '', nullstr '\N');
