-- A row is an IMDb title.
-- writes: raw/imdb/title.basics.tsv.gz
copy (
  with drawn as (
    select *,
      case when k is not null then catalogue_genres
           when draw(h, 40) % 100 < 5 then null
           when family = 'short' then pick('short_genres', h, 41)
           when family = 'video' then pick('video_genres', h, 41)
           when family = 'serial' then pick('serial_genres', h, 41)
           else pick('story_genres', h, 41) end as genres
    from imdb_titles()
  )
  select tconst, title_type as "titleType", primary_title as "primaryTitle",
    coalesce(other_original_title, primary_title) as "originalTitle",
    if(genres = 'Adult', 1, 0) as "isAdult",
    start_year as "startYear",
    case when title_type in ('tvSeries', 'tvMiniSeries') and draw(h, 42) % 100 < 45
      then least(2024, start_year + if(k is null, below(h, 43, 6), length - 1)) end as "endYear",
    case when k is not null and family <> 'serial' and length > 15 then length + below(h, 44, 3) - 1
         when draw(h, 45) % 100 < case family when 'serial' then 72 when 'short' then 35
           else 40 end then null
         when family = 'short' then 1 + below(h, 46, 20) + below(h, 47, 20)
         when family = 'serial' then [22, 24, 25, 30, 30, 42, 44, 45, 60, 60][1 + below(h, 46, 10)]
           + below(h, 47, 3)
         else 55 + below(h, 46, 40) + below(h, 47, 40) end as "runtimeMinutes",
    genres
  from drawn
) to (getvariable('output')) (format csv, header, delim '\t', quote '', escape '', nullstr '\N');
