-- A row is a title of the catalogue, with the faults of hand-kept lists at the rates that they
-- have.
-- writes: raw/netflix_titles/drop=2024-06-30/netflix_titles.csv
copy (
  with named as (
    select *,
      array_to_string(list_transform(director_people, lambda p: person_name(p)), ', ') as directors,
      array_to_string(list_transform(cast_people, lambda p: person_name(p)), ', ') as actors,
      country || if(chance(h, 40, 0.16), ', ' || pick('show_countries', h, 41), '') as countries,
      if(is_series, length || if(length = 1, ' Season', ' Seasons'), length || ' min')
        as duration_text,
      not is_series and chance(h, 42, 0.0005) as length_in_rating
    from catalogue
  )
  select show_id,
    if(is_series, 'TV Show', 'Movie') as "type",
    case when chance(h, 43, 0.0002) then pick('date_like_titles', h, 44)
         when chance(h, 45, 0.0005) then chr(8203) || title else title end as title,
    if(chance(h, 46, if(is_series, 0.91, 0.031)), null, directors) as director,
    if(chance(h, 47, 0.094), null, actors) as "cast",
    case when chance(h, 48, 0.094) then null when chance(h, 49, 0.0004) then ', ' || countries
         when chance(h, 50, 0.0004) then countries || ',' else countries end as country,
    if(chance(h, 51, 0.0011), null,
      if(chance(h, 52, 0.01), ' ', '') || strftime(date_added, '%B %-d, %Y')) as date_added,
    release_year,
    case when length_in_rating then duration_text when chance(h, 53, 0.0005) then null
         when is_series then pick('show_ratings', h, 54)
           else pick('movie_ratings', h, 54) end as rating,
    if(length_in_rating, null, duration_text) as duration,
    genres.listed as listed_in,
    case below(h, 60, 4)
      when 0 then format('When {}, a {} {} must {}.', pick('troubles', h, 61),
        pick('soft_adjectives', h, 62),
        pick('jobs', h, 63), pick('aims', h, 64))
      when 1 then format('A {} {} and a {} {} join forces to {} — until {}.',
        pick('soft_adjectives', h, 61),
        pick('jobs', h, 62), pick('soft_adjectives', h, 65), pick('jobs', h, 63),
          pick('aims', h, 64), pick('troubles', h, 66))
      when 2 then format('In {}, a {} {} known as "{}" sets out to {}, but {}.', invented(h, 70),
        pick('soft_adjectives', h, 61),
        pick('jobs', h, 62), pick('nouns', h, 63), pick('aims', h, 64), pick('troubles', h, 66))
      else format('Trying to {}, this {} {} learns that nothing in {} is what it seems.',
        pick('aims', h, 64),
        pick('soft_adjectives', h, 61), pick('jobs', h, 62), invented(h, 70))
    end as description
  from named
  order by k
) to (getvariable('output')) (format csv, header);
