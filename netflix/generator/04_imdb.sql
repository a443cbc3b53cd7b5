-- IMDb's titles, and who is credited on them. A title depends on its number only; where it is
-- one of
-- the catalogue's, the catalogue says what it is. Nothing here is kept: each file makes its rows
-- anew.

-- What kinds of titles there are, in thousandths.
set variable title_types = flatten([
  list_transform(range(763), lambda x: 'tvEpisode'), list_transform(range(93), lambda x: 'short'),
  list_transform(range(63), lambda x: 'movie'), list_transform(range(26), lambda x: 'video'),
  list_transform(range(25), lambda x: 'tvSeries'), list_transform(range(13), lambda x: 'tvMovie'),
  list_transform(range(6), lambda x: 'tvMiniSeries'),
    list_transform(range(6), lambda x: 'tvSpecial'),
  list_transform(range(4), lambda x: 'videoGame'), list_transform(range(1), lambda x: 'tvShort')]);
set variable story_genres = words('
  Drama Drama Drama Drama Comedy Comedy Comedy Comedy,Drama Comedy,Drama Comedy,Drama,Romance
  Comedy,Romance Drama,Romance Drama,Romance Crime,Drama Crime,Drama,Thriller Action
  Action,Crime,Drama Action,Adventure Action,Adventure,Sci-Fi Horror Horror Horror,Thriller
  Thriller Mystery,Thriller Drama,Mystery Documentary Documentary Documentary
  Biography,Documentary Documentary,History Documentary,Music Family Adventure,Family
  Animation,Family Adventure,Animation,Comedy Fantasy Drama,Fantasy Sci-Fi Western War Drama,War
  Drama,History Music Musical Comedy,Musical Biography,Drama Sport');
set variable serial_genres = words('
  Drama Drama Drama Comedy Comedy Comedy,Drama Drama,Romance Drama,Romance Family,Drama Talk-Show
  Talk-Show Comedy,Talk-Show News News,Talk-Show Reality-TV Reality-TV Game-Show Family,Game-Show
  Documentary Documentary Documentary,History Crime,Drama Crime,Drama,Mystery Animation
  Action,Animation Adventure,Animation,Comedy Animation,Family Music Sport Action,Adventure,Drama
  Drama,Sci-Fi Horror Fantasy');
set variable short_genres = words('
  Short Short Drama,Short Drama,Short Comedy,Short Comedy,Short Documentary,Short
  Documentary,Short Animation,Short Horror,Short Comedy,Drama,Short Music,Short Sci-Fi,Short
  Short,Thriller Drama,Romance,Short Family,Short');
set variable video_genres = words('
  Adult Adult Documentary Documentary Music Music Drama Comedy Horror Action Animation,Family
  Sport');

create or replace macro imdb_titles() as table
with numbered as (
  select title_no, thing('title', title_no) as h,
    pick('title_types', thing('title', title_no), 1) as drawn_type
  from range(1, getvariable('title_count') + 1) r(title_no)
),
joined as (
  select n.title_no, n.h, c.k,
    coalesce(c.imdb_type, n.drawn_type) as title_type,
    c.imdb_title, c.imdb_original_title, c.imdb_year, c.length, c.genres.imdb as catalogue_genres,
    c.title as catalogue_title, c.is_renamed, c.appeal, c.cast_people, c.director_people,
    case when n.drawn_type in ('tvEpisode', 'tvSeries', 'tvMiniSeries') then 'serial'
         when n.drawn_type in ('short', 'tvShort') then 'short'
         when n.drawn_type = 'video' then 'video' else 'story' end as family
  from numbered n left join catalogue c on c.imdb_no = n.title_no
)
select title_no, h, k, imdb_title_id(title_no) as tconst, title_type,
  case when k is not null then imdb_title
       when title_type = 'tvEpisode' and draw(h, 2) % 100 < 46
         then 'Episode #' || (1 + below(h, 3, 9)) || '.' || (1 + below(h, 4, 180))
       when draw(h, 5) % 100 < 22 then foreign_title(h, 100)
       else english_title(h, 100) end as primary_title,
  case when k is not null then imdb_original_title
       when title_type <> 'tvEpisode' and draw(h, 6) % 100 < 9 then foreign_title(h, 200) end
         as other_original_title,
  case when k is not null then imdb_year
       when draw(h, 7) % 100 < 11 then null
       when title_type = 'short' and draw(h, 8) % 100 < 12 then 1896 + below(h, 9, 40)
       when family = 'serial' then greatest(1948, 2024 - floor(-ln(uniform(h, 10)) * 13))::int
       else greatest(1900, 2024 - floor(-ln(uniform(h, 10)) * 21))::int
  end as start_year,
  family, length, catalogue_genres, catalogue_title, is_renamed, appeal, cast_people,
    director_people
from joined;

-- How many people a title credits. The same draws make title.crew and title.principals.
create or replace macro cast_size(h, family) as
  case family when 'short' then below(h, 30, 7) when 'story' then 4 + below(h, 30, 8)
    else below(h, 30, 11) end;
create or replace macro director_count(h) as [0, 0, 0, 0, 1, 1, 1, 1, 1, 2][1 + below(h, 31, 10)];
create or replace macro writer_count(h) as [0, 0, 0, 0, 0, 1, 1, 1, 2, 3][1 + below(h, 32, 10)];
create or replace macro other_count(h, family) as if(family = 'story', 2, 0) + below(h, 33, 4);

-- Persons have a home: a title of about their number. The first person at home there is its
-- lead, or
-- directs, where the title's number divides by five. So who knows a person's number can name
-- titles.
create or replace macro wrapped_title(title_no) as
  ((title_no - 1) % getvariable('title_count')
  + getvariable('title_count')) % getvariable('title_count') + 1;
create or replace macro at_home(title_no) as
  ((wrapped_title(title_no) - 1) * getvariable('person_count')) // getvariable('title_count') + 1;
-- A person from everyone, some much more often than others.
create or replace macro some_person(h, salt) as
  1 + floor(getvariable('person_count') * pow(uniform(h, salt), 2))::bigint;
create or replace macro credited_actor(title_no, h, place) as
  if(place <= 4,
     at_home(title_no + [0, 7, 131, 1009][place]
       + if((title_no + [0, 7, 131, 1009][place]) % 5 = 0, 1, 0)),
     some_person(h, 300 + place));
create or replace macro credited_director(title_no, h, place) as
  if(place = 1, at_home(title_no - title_no % 5), some_person(h, 400 + place));
create or replace macro credited_writer(h, place) as some_person(h, 420 + place);
-- The title that a person has its home at: the inverse of at_home, where that is exact.
create or replace macro home_of(person) as
  ((person - 1) * getvariable('title_count') + getvariable('person_count') - 1)
    // getvariable('person_count') + 1;
set variable directing_professions = ['director', 'director,writer', 'director,producer'];
set variable second_professions = ['', ',producer', ',soundtrack', ',writer'];
set variable other_professions = ['producer', 'composer', 'cinematographer', 'editor', 'writer',
  'miscellaneous', 'camera_department', null];

-- Where titles have other names: 32 places in a ring, of which a title has its neighbors.
set variable aka_regions = (
  select list({region: region, language: language, script: script, episode: episode} order by nr)
  from (values
    (1, 'US', null, 'latin', null), (2, 'DE', 'de', 'latin', 'Folge'),
    (3, 'FR', 'fr', 'latin', 'Épisode'), (4, 'JP', 'ja', 'kana', 'エピソード'),
    (5, 'IT', 'it', 'latin', 'Episodio'), (6, 'ES', 'es', 'latin', 'Episodio'),
    (7, 'PT', 'pt', 'latin', 'Episódio'), (8, 'IN', 'hi', 'latin', 'एपिसोड'),
    (9, 'GB', null, 'latin', null), (10, 'RU', null, 'cyrillic', null),
    (11, 'BR', null, 'latin', 'Episódio'), (12, 'GR', null, 'greek', null),
    (13, 'DE', 'de', 'latin', 'Folge'), (14, 'FR', 'fr', 'latin', 'Épisode'),
    (15, 'JP', 'ja', 'kana', 'エピソード'), (16, 'IT', 'it', 'latin', 'Episodio'),
    (17, 'ES', 'es', 'latin', 'Episodio'), (18, 'PT', 'pt', 'latin', 'Episódio'),
    (19, 'IN', 'hi', 'latin', 'एपिसोड'), (20, 'CA', 'en', 'latin', null),
    (21, 'PL', null, 'latin', 'Odcinek'), (22, 'UA', null, 'cyrillic', null),
    (23, 'DE', 'de', 'latin', 'Folge'), (24, 'FR', 'fr', 'latin', 'Épisode'),
    (25, 'JP', 'ja', 'kana', 'エピソード'), (26, 'IT', 'it', 'latin', 'Episodio'),
    (27, 'ES', 'es', 'latin', 'Episodio'), (28, 'PT', 'pt', 'latin', 'Episódio'),
    (29, 'IN', 'hi', 'latin', 'एपिसोड'), (30, 'HU', null, 'latin', null),
    (31, 'AU', null, 'latin', null), (32, 'TR', 'tr', 'latin', 'Bölüm')) p(nr, region, language,
    script, episode));
