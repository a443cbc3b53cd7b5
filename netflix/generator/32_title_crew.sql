-- A row is an IMDb title, with the directors and writers that title.principals credits.
-- writes: raw/imdb/title.crew.tsv.gz
copy (
  with credited as (
    select tconst,
      coalesce(director_people,
        list_transform(range(1, director_count(h) + 1), lambda n: credited_director(title_no, h, n))
      ) as directors,
      list_transform(range(1, writer_count(h) + 1), lambda n: credited_writer(h, n)) as writers
    from imdb_titles()
  )
  select tconst, imdb_person_ids(directors) as directors, imdb_person_ids(writers) as writers
  from credited
) to (getvariable('output')) (format csv, header, delim '\t', quote '', escape '', nullstr '\N');
