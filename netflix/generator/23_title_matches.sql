-- A row is a title of the catalogue that stands in IMDb too: the truth that a matcher is held
-- against.
-- writes: truth/title_matches.csv
copy (
  select show_id, imdb_id, if(is_renamed, 'renamed',
    if(title <> imdb_title, 'suffix', 'same_title')) as hard_class
  from catalogue
  where imdb_id is not null
  order by k
) to (getvariable('output')) (format csv, header);
