-- How many of everything, and the draws that everything else is made from.
-- Expects the variables scale (1 = full size) and seed.

set variable scale = getvariable('scale')::double;
set variable seed = getvariable('seed')::bigint;

-- Rows at a scale, never none.
create or replace macro sized(at_full_size) as
  greatest(1, round(at_full_size * getvariable('scale')))::bigint;

set variable user_count = sized(1340000);      -- all who ever joined; the last drop shows about 1M
set variable show_count = sized(9000);         -- titles of the catalogue
set variable title_count = sized(11000000);    -- title.basics, title.crew
set variable person_count = sized(14000000);   -- name.basics
set variable actor_pool = 3 * getvariable('show_count');
set variable director_pool = greatest(1, getvariable('show_count') // 2);
set variable chart_weeks = 156;                -- weeks of Top 10 lists
set variable chart_countries = least(93, greatest(5, sized(930)));

-- The time that the lake covers: three years, and its three deliveries.
set variable first_day = date '2021-07-01';
set variable last_day = date '2024-06-30';

-- A draw is a 64-bit number that depends on seed, kind of thing, its number and the salt only. So
-- every row can be made alone, in any order, by any number of threads.
create or replace macro thing(kind, number) as
  hash(xor(hash(number::bigint), getvariable('seed_' || kind)));
create or replace macro draw(thing_hash, salt) as hash(xor(thing_hash, salt::ubigint));
create or replace macro below(thing_hash, salt, n) as (draw(thing_hash, salt) % n::ubigint)::int;
create or replace macro uniform(thing_hash, salt) as
  ((draw(thing_hash, salt) >> 11)::double + 0.5) / 9007199254740992;
create or replace macro chance(thing_hash, salt, p) as
  draw(thing_hash, salt) % 1000000 < p * 1000000;
create or replace macro normal(thing_hash, salt) as
  sqrt(-2 * ln(uniform(thing_hash, salt))) * cos(2 * pi() * uniform(thing_hash, salt + 500000));
-- One of the entries of a list in a variable; entries that stand twice come twice as often.
create or replace macro pick(list_name, thing_hash, salt) as
  list_extract(getvariable(list_name),
    1 + (draw(thing_hash, salt) % len(getvariable(list_name))::ubigint)::int);

set variable seed_user = hash(xor(hash(getvariable('seed')), 1::ubigint));
set variable seed_show = hash(xor(hash(getvariable('seed')), 2::ubigint));
set variable seed_title = hash(xor(hash(getvariable('seed')), 3::ubigint));
set variable seed_person = hash(xor(hash(getvariable('seed')), 4::ubigint));
set variable seed_chart = hash(xor(hash(getvariable('seed')), 5::ubigint));
