-- A row is an IMDb title, with the directors and writers that title.principals credits.
-- writes: raw/imdb/title.crew.tsv.gz
copy (
  select tconst,
    case when k is not null
           then array_to_string(list_transform(director_people, lambda p: imdb_person_id(p)), ',')
         when director_count(h) = 1 then imdb_person_id(credited_director(title_no, h, 1))
         when director_count(h) = 2 then imdb_person_id(credited_director(title_no, h, 1)) || ',' || imdb_person_id(credited_director(title_no, h, 2))
    end as directors,
    case writer_count(h)
      when 1 then imdb_person_id(credited_writer(h, 1))
      when 2 then imdb_person_id(credited_writer(h, 1)) || ',' || imdb_person_id(credited_writer(h, 2))
      when 3 then imdb_person_id(credited_writer(h, 1)) || ',' || imdb_person_id(credited_writer(h, 2)) || ',' || imdb_person_id(credited_writer(h, 3))
    end as writers
  from imdb_titles()
) to (getvariable('output')) (format csv, header, delim '\t', quote '', escape '', nullstr '\N');
