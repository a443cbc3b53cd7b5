-- A row is a name of an IMDb title in a region; the first is the original one.
-- writes: raw/imdb/title.akas.tsv.gz
copy (
  with counted as (
    select *, 1 + if(title_type = 'tvEpisode', 2 + below(h, 70, 5),
      below(h, 70, 3) + below(h, 71, 3))
      + if(k is null, 0, 6) as names
    from imdb_titles()
  ),
  placed as (
    select *, unnest(range(1, names + 1)) as place from counted
  ),
  regional as (
    select *, getvariable('aka_regions')[1 + (below(h, 73, 32) + place) % 32] as place_of,
      place = 2 and k is not null as is_english_name
    from placed
  ),
  named as (
    select *,
      case when place = 1 then coalesce(other_original_title, primary_title)
           when is_english_name then if(is_renamed and draw(h, 72) % 10 >= 7, primary_title,
             catalogue_title)
           when primary_title[1:9] = 'Episode #' and place_of.episode is not null
             then place_of.episode || primary_title[8:]
           when place_of.script = 'cyrillic' then cyrillic_title(h, 600 + place)
           when place_of.script = 'greek' then greek_title(h, 600 + place)
           when place_of.script = 'kana' then kana_title(h, 600 + place)
           when draw(h, 640 + place) % 100 < 55 then primary_title
           else foreign_title(h, 660 + 40 * place) end as name
    from regional
  )
  select tconst as "titleId", place as ordering, name as title,
    case when place = 1 then null when is_english_name then 'XWW'
      else place_of.region end as region,
    case when place = 1 then null when is_english_name then 'en'
      else place_of.language end as language,
    case when place = 1 then 'original' when is_english_name then 'imdbDisplay'
         when draw(h, 1400 + place) % 100 < 30 then 'imdbDisplay'
         when draw(h, 1400 + place) % 100 < 36 then 'alternative'
         when draw(h, 1400 + place) % 100 < 39 then 'working' end as types,
    case when place > 1 and draw(h, 1400 + place) % 100 > 97 then 'literal title' end as attributes,
    if(place = 1, 1, 0) as "isOriginalTitle"
  from named
) to (getvariable('output')) (format csv, header, delim '\t', quote '', escape '', nullstr '\N');
