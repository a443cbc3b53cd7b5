-- A user as delivered in one drop of the userbase.
-- materialized: table
with

delivered as (
  select * from raw.netflix_userbase
),

plans as (
  select * from seed.plan
),

devices as (
  select * from seed.device
),

country_names as (
  select * from int_country_name
),

texts as (
  select
    *,
    clean_text(user_id) as clean_user_id,
    clean_text(subscription_type) as clean_plan,
    clean_text(monthly_revenue) as clean_revenue,
    clean_text(join_date) as clean_join_date,
    clean_text(last_payment_date) as clean_last_payment,
    clean_text(country) as clean_country,
    clean_text(age) as clean_age,
    clean_text(gender) as clean_gender,
    clean_text(device) as clean_device,
    clean_text(plan_duration) as clean_duration
  from delivered
),

-- Where countries are written as codes, NA is Namibia.
cleaned as (
  select
    *,
    blank_words(clean_user_id) as user_id_text,
    blank_words(clean_plan) as plan_text,
    blank_words(clean_revenue) as revenue_text,
    blank_words(clean_join_date) as join_text,
    blank_words(clean_last_payment) as last_payment_text,
    case
      when upper(clean_country) = 'NA' and sum(case when has_match(country, '^ *[A-Z][A-Z] *$') then 1 else 0 end)
        over (partition by _drop) * 2 > count(country) over (partition by _drop) then clean_country
      else blank_words(clean_country)
    end as country_text,
    blank_words(clean_age) as age_text,
    blank_words(clean_gender) as gender_text,
    blank_words(clean_device) as device_text,
    blank_words(clean_duration) as duration_text
  from texts
),

typed as (
  select
    *,
    whole_number(user_id_text) as user_number,
    amount_by(revenue_text, _convention, 'monthly_revenue') as revenue_exact,
    date_by(join_text, _convention, 'join_date') as joined,
    date_by(last_payment_text, _convention, 'last_payment_date') as last_paid,
    whole_number(age_text) as age_years,
    case
      when duration_text is null or lower(duration_text) in ('monthly', 'month') then 1
      when lower(duration_text) in ('yearly', 'annual', 'annually', 'year') then 12
      when lower(duration_text) in ('quarterly', 'quarter') then 3
      when has_match(lower(duration_text), '^[0-9]{1,3} ?(m|mo|month|months)?$')
        then try_cast(regexp_extract(duration_text, '^([0-9]+)', 1) as integer)
      when has_match(lower(duration_text), '^[0-9]{1,2} ?(y|yr|year|years)$')
        then try_cast(regexp_extract(duration_text, '^([0-9]+)', 1) as integer) * 12
    end as duration_months,
    case lower(gender_text)
      when 'male' then 'Male'
      when 'm' then 'Male'
      when 'female' then 'Female'
      when 'f' then 'Female'
      when 'unknown' then null
      else gender_text
    end as gender_name
  from cleaned
),

rounded as (
  select *, cast(revenue_exact as decimal(18, 2)) as revenue_amount from typed
),

usable as (
  select
    *,
    coalesce(
      user_number is not null
      and revenue_amount >= 0
      and joined <= last_paid
      and last_paid <= add_months(_drop, 12)
      and (age_text is null or age_years between 0 and 120)
      and duration_months between 1 and 120,
      false
    ) as is_usable
  from rounded
),

named as (
  select
    u.*,
    coalesce(p.plan_name, u.plan_text, 'Unknown') as plan,
    coalesce(d.device_name, u.device_text, 'Unknown') as device_called,
    coalesce(c.country_name, u.country_text) as country_called,
    coalesce(c.country_key, -1) as country_key
  from usable as u
  left join plans as p on lower(u.plan_text) = lower(p.plan_name)
  left join devices as d on lower(u.device_text) = lower(d.device_name)
  left join country_names as c on fold(u.country_text) = c.name_folded
),

-- The columns that begin with _was_ hold the cell as delivered where it was changed or is to blame.
delivered_users as (
  select
    user_number as user_id,
    plan as plan_name,
    revenue_amount as monthly_revenue,
    joined as join_date,
    last_paid as last_payment_date,
    country_called as country_name,
    country_key,
    try_cast(age_years as integer) as age,
    coalesce(gender_name, 'Unknown') as gender,
    device_called as device_name,
    duration_months as plan_duration_months,
    _drop as drop_date,
    _object,
    _line,
    case when not is_usable or user_id is distinct from user_id_text then user_id end as _was_user_id,
    case when not is_usable or subscription_type is distinct from plan then subscription_type end
      as _was_plan,
    case when not is_usable or monthly_revenue is distinct from revenue_text or revenue_exact <> revenue_amount
      then monthly_revenue end as _was_revenue,
    coalesce(revenue_exact <> revenue_amount, false) as _was_revenue_rounded,
    case when not is_usable or join_date is distinct from join_text then join_date end as _was_join_date,
    case when not is_usable or last_payment_date is distinct from last_payment_text then last_payment_date
      end as _was_last_payment_date,
    case when country is distinct from country_called then country end as _was_country,
    case when not is_usable or age is distinct from age_text then age end as _was_age,
    case when gender is distinct from gender_name then gender end as _was_gender,
    case when device is distinct from device_called then device end as _was_device,
    case when not is_usable or plan_duration is distinct from duration_text then plan_duration end
      as _was_plan_duration,
    is_usable and duration_text is null as _was_plan_duration_missing,
    is_usable as _was_usable
  from named
),

-- Of several usable rows of one user the first holds.
users as (
  select
    *,
    case when row_number() over deliveries > 1 then first_value(_line) over deliveries end
      as _was_delivered_at_line
  from delivered_users
  window deliveries as (partition by drop_date, user_id, _was_usable order by _object, _line)
)

select * from users
