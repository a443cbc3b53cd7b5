-- The catalogue's titles, with what IMDb knows of them: the only table that is kept, as everything
-- about a title must be the same in the catalogue, in IMDb, in the charts and in the truth.

-- The genres of a title as the catalogue lists them, and as IMDb does; common ones stand more
-- often.
set variable movie_genres = [
  {listed: 'Dramas, International Movies', imdb: 'Drama'},
  {listed: 'Dramas, International Movies', imdb: 'Drama'},
  {listed: 'Dramas, International Movies', imdb: 'Drama,Thriller'},
  {listed: 'Documentaries', imdb: 'Documentary'},
  {listed: 'Documentaries', imdb: 'Biography,Documentary'},
  {listed: 'Documentaries, International Movies', imdb: 'Documentary'},
  {listed: 'Documentaries, Sports Movies', imdb: 'Documentary,Sport'},
  {listed: 'Stand-Up Comedy', imdb: 'Comedy,Documentary'},
  {listed: 'Stand-Up Comedy', imdb: 'Comedy'},
  {listed: 'Comedies, Dramas, International Movies', imdb: 'Comedy,Drama'},
  {listed: 'Comedies, International Movies', imdb: 'Comedy'}, {listed: 'Comedies', imdb: 'Comedy'},
  {listed: 'Comedies, Romantic Movies', imdb: 'Comedy,Romance'},
  {listed: 'Comedies, International Movies, Romantic Movies', imdb: 'Comedy,Romance'},
  {listed: 'Dramas, Independent Movies, International Movies', imdb: 'Drama'},
  {listed: 'Dramas, Independent Movies', imdb: 'Drama'},
  {listed: 'Dramas, Romantic Movies', imdb: 'Drama,Romance'},
  {listed: 'Dramas, International Movies, Thrillers', imdb: 'Crime,Drama,Thriller'},
  {listed: 'Thrillers', imdb: 'Thriller'},
  {listed: 'Action & Adventure', imdb: 'Action,Adventure'},
  {listed: 'Action & Adventure, Dramas, International Movies', imdb: 'Action,Drama'},
  {listed: 'Action & Adventure, Sci-Fi & Fantasy', imdb: 'Action,Adventure,Sci-Fi'},
  {listed: 'Children & Family Movies', imdb: 'Animation,Family'},
  {listed: 'Children & Family Movies, Comedies', imdb: 'Adventure,Comedy,Family'},
  {listed: 'Horror Movies', imdb: 'Horror'},
  {listed: 'Horror Movies, International Movies', imdb: 'Horror,Mystery'},
  {listed: 'Music & Musicals', imdb: 'Music,Musical'},
  {listed: 'Classic Movies, Dramas', imdb: 'Drama'},
  {listed: 'Faith & Spirituality', imdb: 'Drama,Family'},
  {listed: 'Cult Movies, Horror Movies', imdb: 'Horror'},
  {listed: 'Dramas, LGBTQ Movies', imdb: 'Drama,Romance'},
  {listed: 'Anime Features, International Movies', imdb: 'Action,Animation'}];
set variable show_genres = [
  {listed: 'Kids'' TV', imdb: 'Animation,Family'}, {listed: 'Kids'' TV', imdb: 'Family'},
  {listed: 'International TV Shows, TV Dramas', imdb: 'Drama'},
  {listed: 'International TV Shows, TV Dramas', imdb: 'Drama'},
  {listed: 'Crime TV Shows, International TV Shows, TV Dramas', imdb: 'Crime,Drama'},
  {listed: 'Crime TV Shows, TV Dramas, TV Thrillers', imdb: 'Crime,Drama,Thriller'},
  {listed: 'Docuseries', imdb: 'Documentary'},
  {listed: 'Crime TV Shows, Docuseries', imdb: 'Crime,Documentary'},
  {listed: 'Reality TV', imdb: 'Reality-TV'},
  {listed: 'International TV Shows, Reality TV', imdb: 'Reality-TV'},
  {listed: 'International TV Shows, Romantic TV Shows, TV Dramas', imdb: 'Drama,Romance'},
  {listed: 'International TV Shows, Romantic TV Shows, TV Comedies', imdb: 'Comedy,Romance'},
  {listed: 'TV Comedies', imdb: 'Comedy'}, {listed: 'TV Comedies, TV Dramas', imdb: 'Comedy,Drama'},
  {listed: 'British TV Shows, International TV Shows, TV Dramas', imdb: 'Drama,Mystery'},
  {listed: 'Anime Series, International TV Shows', imdb: 'Action,Animation'},
  {listed: 'TV Action & Adventure, TV Sci-Fi & Fantasy', imdb: 'Action,Adventure,Sci-Fi'},
  {listed: 'TV Horror, TV Mysteries', imdb: 'Horror,Mystery'},
  {listed: 'Korean TV Shows, Romantic TV Shows', imdb: 'Drama,Romance'},
  {listed: 'Science & Nature TV, Docuseries', imdb: 'Documentary'}];
set variable show_countries = (
  select flatten(list(list_transform(range(share), lambda x: name) order by name))
  from (values
    ('United States', 36), ('India', 12), ('United Kingdom', 8), ('Japan', 4), ('South Korea', 4),
    ('Canada', 4), ('Spain', 3), ('France', 4), ('Mexico', 2), ('Egypt', 2), ('Turkey', 2),
    ('Nigeria', 2), ('Germany', 2), ('Brazil', 2), ('Philippines', 1), ('Indonesia', 1),
    ('Taiwan', 1), ('Australia', 2), ('Argentina', 1), ('Italy', 1), ('Poland', 1), ('Thailand', 1),
    ('China', 1), ('Hong Kong', 1)) c(name, share));
set variable english_countries = ['United States', 'United Kingdom', 'Canada', 'Australia'];
set variable movie_ratings = words('
  TV-MA TV-MA TV-MA TV-MA TV-MA TV-MA TV-MA TV-14 TV-14 TV-14 TV-14 TV-14 R R R TV-PG TV-PG PG-13
  PG-13 PG TV-G NR TV-Y TV-Y7 G');
set variable show_ratings = words('
  TV-MA TV-MA TV-MA TV-MA TV-MA TV-MA TV-MA TV-14 TV-14 TV-14 TV-14 TV-PG TV-PG TV-Y7 TV-Y TV-Y
  TV-G NR');

-- An IMDb title's identifier from its number: in order, with gaps.
create or replace macro imdb_title_id(title_no) as
  format('tt{:07d}', (3 * title_no - (thing('title', title_no) % 3))::bigint);
create or replace macro imdb_person_id(person) as format('nm{:07d}', person::bigint);
create or replace macro imdb_person_ids(people) as
  if(len(people) > 0,
     array_to_string(list_transform(people, lambda person: imdb_person_id(person)), ','), null);

-- People of the catalogue, some in many of its titles: numbers of persons, without doubles.
create or replace macro some_people(h, salt, how_many, pool) as
  list_transform(range(how_many),
    lambda n: 1 + floor(pool * pow(uniform(h, salt + n), 1.4))::bigint
      * (getvariable('person_count') // pool));
create or replace macro without_doubles(people) as
  list_filter(people, lambda person, n: list_position(people, person) = n);

create or replace table catalogue as
with numbered as (
  select k, thing('show', k) as h, k % 10 in (2, 5, 8) as is_series,
    (k - 0.5) / getvariable('show_count') as place_in_list   -- the newest first
  from range(1, getvariable('show_count') + 1) r(k)
),
dated as (
  select *,
    (getvariable('last_day') - (2000 * place_in_list + 1600 * pow(place_in_list, 10))::int)::date
      as some_day,
    -- A few share their title with another one.
    if(k > 40 and chance(h, 1, 0.006), thing('show', k - 37), h) as title_h,
    if(is_series, pick('show_genres', h, 2), pick('movie_genres', h, 2)) as genres
  from numbered
),
described as (
  select *,
    if(chance(h, 3, 0.25), date_trunc('month', some_day)::date, some_day) as date_added,
    if(chance(h, 4, 0.12), foreign_title(title_h, 100), english_title(title_h, 100)) as known_as,
    pick('show_countries', h, 5) as country,
    if(is_series, 1 + least(14, floor(ln(uniform(h, 6)) / ln(0.36)))::int,
      greatest(8, least(250, 99 + 22 * normal(h, 7)))::int) as length,   -- seasons or minutes
    if(chance(h, 8, 0.42), 0, floor(-ln(uniform(h, 9)) * if(is_series, 2.5, 7)))::int
      as years_before,
    chance(h, 10, 0.77) as in_imdb
  from dated
),
placed as (
  select *,
    greatest(1925, year(date_added) - years_before) as release_year,
    in_imdb and chance(h, 11, 0.09) as is_renamed,
    in_imdb and chance(h, 12, 0.01) as has_suffix,
    if(in_imdb, (k - 1) * (getvariable('title_count') // getvariable('show_count')) + 1
      + below(h, 13, getvariable('title_count') // getvariable('show_count')), null)::bigint
        as imdb_no,
    without_doubles(some_people(h, 1000, case when genres.listed = 'Stand-Up Comedy' then 1
      else 2 + below(h, 14, 7) + below(h, 15, 7) end, getvariable('actor_pool'))) as cast_people,
    -- The next person, so that actors and directors are others.
    list_transform(
      without_doubles(some_people(h, 2000,
        case when chance(h, 16, 0.86) then 1 when chance(h, 17, 0.8) then 2 else 3 end,
        getvariable('director_pool'))),
      lambda person: least(person + 1, getvariable('person_count'))) as director_people
  from described
)
select k, h, 's' || k as show_id, is_series, release_year, date_added, country, length, genres,
  imdb_no,
  known_as || if(has_suffix, if(is_series, ' (Uncut)', ' (Hindi Version)'), '') as title,
  if(imdb_no is null, null, imdb_title_id(imdb_no)) as imdb_id,
  case when is_series then if(chance(h, 20, 0.78), 'tvSeries', 'tvMiniSeries')
       when chance(h, 20, 0.90) then 'movie' when chance(h, 21, 0.4) then 'tvMovie'
       when chance(h, 22, 0.5) then 'tvSpecial' when chance(h, 23, 0.7) then 'video'
         else 'short' end as imdb_type,
  if(is_renamed, foreign_title(title_h, 200), known_as) as imdb_title,
  if(is_renamed or country in getvariable('english_countries'),
    if(is_renamed, foreign_title(title_h, 200), known_as),
    if(chance(h, 24, 0.4), foreign_title(title_h, 200), known_as)) as imdb_original_title,
  is_renamed,
  release_year
    - case when is_series and length > 1 and chance(h, 25, 0.35) then length - 1
           when chance(h, 26, 0.86) then 0 when chance(h, 27, 0.8) then 1 else 3 end as imdb_year,
  cast_people, director_people,
  country in getvariable('english_countries') as is_english,
  pow(uniform(h, 28), 4) as appeal   -- few are popular
from placed
order by k;

-- Where the catalogue's people are known from: their first titles in IMDb.
create or replace table catalogue_person as
select person, array_to_string(list(imdb_id order by k)[1:4], ',') as known_for,
  bool_or(directs) as directs
from (
  select k, imdb_id, unnest(cast_people) as person, false as directs
    from catalogue where imdb_id is not null
  union all
  select k, imdb_id, unnest(director_people), true from catalogue where imdb_id is not null)
group by person;
