-- A row is a person, known for titles that credit them.
-- writes: raw/imdb/name.basics.tsv.gz
copy (
  with numbered as (
    select person, thing('person', person) as h, home_of(person) as home
    from range(1, getvariable('person_count') + 1) r(person)
  ),
  known as (
    select n.*, c.known_for as catalogue_known_for, c.directs, at_home(home) = n.person as has_home,
      case when draw(h, 30) % 100 >= 83 then 1880 + below(h, 31, 75) + below(h, 32, 55) end
        as birth_year
    from numbered n left join catalogue_person c on c.person = n.person
  )
  select imdb_person_id(person) as nconst, person_name(person) as "primaryName",
    birth_year as "birthYear",
    case when birth_year < 1945 and draw(h, 33) % 10 < 8
           then least(2024, birth_year + 45 + below(h, 34, 50)) end as "deathYear",
    case when directs or (directs is null and has_home and home % 5 = 0)
           then pick('directing_professions', h, 35)
         when catalogue_known_for is not null or has_home
           then if(is_woman(person), 'actress', 'actor') || pick('second_professions', h, 35)
         else pick('other_professions', h, 35) end as "primaryProfession",
    case when catalogue_known_for is not null then catalogue_known_for
         when not has_home then null
         when home % 5 = 0
           then imdb_title_id(wrapped_title(home)) || ',' || imdb_title_id(wrapped_title(home + 1))
         else imdb_title_id(wrapped_title(home))
           || case when below(h, 36, 4) > 0
                then ',' || imdb_title_id(wrapped_title(home - 7)) else '' end
           || case when below(h, 36, 4) > 1
                then ',' || imdb_title_id(wrapped_title(home - 131)) else '' end
    end as "knownForTitles"
  from known
) to (getvariable('output')) (format csv, header, delim '\t', quote '', escape '', nullstr '\N');
