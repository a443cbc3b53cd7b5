-- The users: who joined when, on which plan, where, for how long. A user depends on its number
-- only.

-- When users join: a wave at the launch, then growth, with peaks in December and January.
create or replace table join_month as
with weights as (
  select month_no,
    coalesce([7.5, 2.5, 1.0][month_no + 1], 0)
    + (1 + 0.006 * month_no)
      * [1.5, 0.95, 0.85, 0.85, 0.8, 0.85, 0.95, 1.0, 0.85, 0.95, 1.15, 1.6][
          month(getvariable('first_day') + to_months(month_no))] as weight
  from (select range::int as month_no from range(36))
)
select month_no, sum(weight) over (order by month_no) / sum(weight) over () as joined_by_end
from weights
order by month_no;

-- The month of joining by ten-thousandths of all users: a user's number gives its month.
set variable join_slots = (
  select list((select count(*) from join_month where joined_by_end <= (slot
    + 0.5) / 10000)::int order by slot)
  from range(10000) s(slot));

set variable user_countries = (
  select flatten(list(list_transform(range(share), lambda x: name) order by name))
  from (values
    ('United States', 30), ('United Kingdom', 10), ('Canada', 8), ('Australia', 5), ('Germany', 9),
    ('France', 8), ('Spain', 8), ('Italy', 6), ('Poland', 3), ('Sweden', 2), ('Netherlands', 3),
    ('Turkey', 3), ('Brazil', 9), ('Mexico', 7), ('Argentina', 3), ('India', 8), ('Japan', 6),
    ('South Korea', 4)) c(name, share));
-- How a country watches, and what it pays of the full price.
set variable country_group = map {
  'United States': 1, 'United Kingdom': 1, 'Canada': 1, 'Australia': 1, 'Germany': 2, 'France': 2,
  'Spain': 2, 'Italy': 2, 'Poland': 3, 'Sweden': 2, 'Netherlands': 2, 'Turkey': 3, 'Brazil': 3,
  'Mexico': 3, 'Argentina': 3, 'India': 4, 'Japan': 5, 'South Korea': 5};
set variable device_names = ['Smart TV', 'Smartphone', 'Laptop', 'Tablet'];
-- Cumulative shares of the first three devices by country group.
set variable device_shares = [[0.46, 0.68, 0.86], [0.29, 0.53, 0.81], [0.18, 0.62, 0.86],
  [0.11, 0.74, 0.91], [0.24, 0.56, 0.70]];
set variable price_levels = [1.0, 1.0, 0.75, 0.5, 0.9];
set variable plan_names = ['Basic', 'Standard', 'Premium'];
-- Full price by plan, before and after the rises of these two days.
set variable price_rises = [date '2022-10-01', date '2023-10-01'];
set variable prices = [[8, 9, 10], [12, 13, 15], [16, 18, 20]];

create or replace macro device_of(h, salt, country) as
  getvariable('device_names')[1 + len(list_filter(
    getvariable('device_shares')[getvariable('country_group')[country]],
      lambda share: share <= uniform(h, salt)))];

-- All users up to a number, before time has its say.
create or replace macro users_at_join(last_user) as table
with joined as (
  select u as user_id, thing('user', u) as h,
    getvariable('join_slots')[1 + ((u - 1) * 10000) // getvariable('user_count')] as join_month_no
  from range(1, last_user + 1) r(u)
),
aged as (
  select *, pick('user_countries', h, 1) as first_country,
    (getvariable('first_day') + to_months(join_month_no))::date as month_start,
    greatest(16, least(86, 39 + 14 * normal(h, 2))) as age_at_join
  from joined
),
planned as (
  select *, (month_start + below(h, 3, 28) + if(chance(h, 4, 0.06), 1, 0))::date as join_date,
    (month_start - (age_at_join * 365.25)::int)::date as birth_date,
    1 + len(list_filter(case when age_at_join < 25 then [0.62, 0.90]
      when age_at_join < 45 then [0.40, 0.78]
                             when age_at_join < 60 then [0.28, 0.65] else [0.19, 0.50] end,
                        lambda share: share <= uniform(h, 5))) as first_plan,
  from aged
),
lasting as (
  select *,
    -- Months after the first payment that are paid: a constant hazard by plan and age, trials that
    -- end at once, and some who leave when prices rise.
    list_min([
      floor(ln(uniform(h, 6)) / ln(1 - [0.031, 0.020, 0.014][first_plan] * if(age_at_join < 25,
        1.3, 1)))::bigint,
      if(chance(h, 7, 0.06), below(h, 8, 2), null),
      if(join_month_no < 15 and chance(h, 9, [0.06, 0.04, 0.03][first_plan]), 14 - join_month_no,
        null),
      if(join_month_no < 27 and chance(h, 10, [0.09, 0.06, 0.04][first_plan]), 26 - join_month_no,
        null)
    ]) as months_after_first
  from planned
)
select user_id, h, join_date, birth_date, first_plan, first_country, months_after_first,
  if(draw(h, 11) % 2 = 0, 'Female', 'Male') as gender
from lasting;

-- The last payment of a subscription that is known on a day.
create or replace macro last_payment_by(join_date, months_after_first, known_on) as
  (join_date
    + to_months(least(months_after_first, datesub('month', join_date, known_on))::int))::date;

-- Plans as steps 1 to 3, moved by one where the draw says so; downwards more often.
create or replace macro moved_plan(plan, h, salt, still_there) as
  if(still_there and chance(h, salt, 0.09),
     greatest(1, least(3, plan + if(chance(h, salt + 1, 0.55), -1, 1))), plan);

-- Who joined by the end of a year and paid in the next one, as far as that is known.
create or replace macro stays_after(join_date, months_after_first, year_end, known_on) as
  known_on > year_end and join_date <= year_end
  and join_date + to_months(months_after_first::int) > year_end;

-- One delivery: users who pay or paid in the twelve months before its day, as known on that day. A
-- change of plan, country or device is decided once a year, for those who still pay in that year.
create or replace macro userbase_drop(drop_day) as table
with known as (
  select *, last_payment_by(join_date, months_after_first, drop_day) as last_payment_date,
    stays_after(join_date, months_after_first, date '2022-06-30', drop_day) as in_second_year,
    stays_after(join_date, months_after_first, date '2023-06-30', drop_day) as in_third_year
  from users_at_join(getvariable('user_count'))
  where join_date <= drop_day
),
changed as (
  select *,
    moved_plan(moved_plan(first_plan, h, 20, in_second_year), h, 22, in_third_year) as plan,
    case when in_third_year and chance(h, 24, 0.015) then pick('user_countries', h, 25)
         when in_second_year and chance(h, 26, 0.015) then pick('user_countries', h, 27)
         else first_country end as country,
    -- Salts that differ by year: another draw is another device.
    if(in_third_year and chance(h, 28, 0.12), 3, if(in_second_year and chance(h, 29, 0.12), 2, 1))
      as device_draw
  from known
  where last_payment_date > drop_day - interval 12 months
)
select user_id, plan,
  round(getvariable('prices')[plan][1 + len(list_filter(getvariable('price_rises'),
    lambda day: day <= last_payment_date))]
    * getvariable('price_levels')[getvariable('country_group')[country]])::int as monthly_revenue,
  join_date, last_payment_date, country, datesub('year', birth_date, drop_day) as age, gender,
  device_of(h, 30 + device_draw, country) as device
from changed;

-- The file's lines, header first: it ends its lines with CR LF, and quotes nothing.
create or replace macro userbase_lines(drop_day) as table
select 'User ID,Subscription Type,Monthly Revenue,Join Date,Last Payment Date,Country,Age,Gender,Device,Plan Duration' || chr(13) as line
union all
select concat_ws(',', user_id, getvariable('plan_names')[plan], monthly_revenue,
  strftime(join_date, '%d-%m-%y'),
  strftime(last_payment_date, '%d-%m-%y'), country, age, gender, device, '1 Month') || chr(13)
from userbase_drop(drop_day);
