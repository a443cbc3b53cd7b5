-- What was watched: hours by week and title, fading from a title's first day, and the weekly lists.

set variable chart_markets = [
  'United States/US', 'United Kingdom/GB', 'Brazil/BR', 'Germany/DE', 'India/IN', 'Japan/JP',
  'France/FR', 'Mexico/MX', 'Canada/CA', 'Spain/ES', 'South Korea/KR', 'Italy/IT', 'Australia/AU',
  'Turkey/TR', 'Argentina/AR', 'Poland/PL', 'Netherlands/NL', 'Sweden/SE', 'Colombia/CO',
  'Chile/CL', 'Peru/PE', 'Indonesia/ID', 'Philippines/PH', 'Thailand/TH', 'Malaysia/MY',
  'Taiwan/TW', 'South Africa/ZA', 'Egypt/EG', 'Saudi Arabia/SA', 'Nigeria/NG', 'Belgium/BE',
  'Switzerland/CH', 'Austria/AT', 'Portugal/PT', 'Greece/GR', 'Czech Republic/CZ', 'Hungary/HU',
  'Romania/RO', 'Denmark/DK', 'Norway/NO', 'Finland/FI', 'Ireland/IE', 'Israel/IL', 'Ukraine/UA',
  'United Arab Emirates/AE', 'Singapore/SG', 'Hong Kong/HK', 'Vietnam/VN', 'New Zealand/NZ',
  'Venezuela/VE', 'Ecuador/EC', 'Bolivia/BO', 'Uruguay/UY', 'Paraguay/PY', 'Costa Rica/CR',
  'Panama/PA', 'Dominican Republic/DO', 'Guatemala/GT', 'Honduras/HN', 'Nicaragua/NI',
  'El Salvador/SV', 'Jamaica/JM', 'Trinidad and Tobago/TT', 'Bahamas/BS', 'Bahrain/BH', 'Kuwait/KW',
  'Qatar/QA', 'Oman/OM', 'Jordan/JO', 'Lebanon/LB', 'Morocco/MA', 'Kenya/KE', 'Mauritius/MU',
  'Réunion/RE', 'Pakistan/PK', 'Bangladesh/BD', 'Sri Lanka/LK', 'Maldives/MV', 'Bulgaria/BG',
  'Croatia/HR', 'Serbia/RS', 'Slovakia/SK', 'Slovenia/SI', 'Estonia/EE', 'Latvia/LV',
  'Lithuania/LT', 'Iceland/IS', 'Luxembourg/LU', 'Malta/MT', 'Cyprus/CY', 'Guadeloupe/GP',
  'Martinique/MQ', 'New Caledonia/NC'];

-- A title in a week, with its hours worldwide: new ones, and some that are watched for years.
create or replace table watched_week as
with weeks as (
  select (getvariable('last_day') - 7 * week_no::int)::date as week
    from range(getvariable('chart_weeks')) w(week_no)
),
shown as (
  select week, c.*, (week - date_added) / 7.0 as weeks_since,
    chance(h, 80, least(1, 400 / getvariable('show_count'))) as is_evergreen,
    thing('chart', k * 1000 + (getvariable('last_day') - week) // 7) as week_hash
  from weeks join catalogue c on c.date_added <= weeks.week
),
watched as (
  select *,
    (200000 + 75000000 * (0.03 + appeal) * exp(-weeks_since / 3.5)
      + if(is_evergreen, 900000 * (0.2 + appeal), 0)) * exp(0.25 * normal(week_hash, 1))
        as raw_hours,
    round(if(is_series, 7.3 * length + below(h, 81, 60) / 60, length / 60), 4) as runtime
  from shown
  where weeks_since < 26 or is_evergreen
),
valued as (
  select *, greatest(10000, round(raw_hours / 10000)::bigint * 10000) as hours,
    if(week >= date '2023-06-18', round(raw_hours / runtime / 100000)::bigint * 100000, null)
      as views
  from watched
)
select week, k, is_series, is_english, title,
  case when not is_series then 'N/A' when length = 1 then title || ': Limited Series'
       else title || ': Season ' || length end as season_title,
  hours, if(views is null, null, runtime) as runtime, views,
  row_number() over (partition by week, is_series, is_english order by coalesce(views, hours) desc,
    hours desc, k) as rank_worldwide
from valued
-- Only the first of a list can come into a country's first ten.
qualify rank_worldwide <= 25;
