-- Helper functions of the portable SQL: the Spark engine defines functions of the same names. One
-- statement each; a model's fingerprint covers the ones that it names.

-- Splits a list in one cell at commas, trims its parts and drops the empty ones.
create or replace macro split_list(s) as
  list_filter(list_transform(string_split(s, ','), lambda x: trim(x)), lambda x: x <> '');

-- Rows from a list: from t, lateral explode(split_list(t.casts)) as u(name).
create or replace macro explode(l) as table select unnest(l) as col;

-- Rows from a list with their position from 0: lateral posexplode(l) as u(pos, col).
create or replace macro posexplode(l) as table
  select unnest(range(len(l))) as pos, unnest(l) as col;

-- A surrogate key of up to 52 bits (exact in a double, hence in JSON) from the natural key's text.
create or replace macro surrogate_key(natural_key) as
  cast('0x' || substr(md5(natural_key), 1, 13) as bigint);

-- A date from text by one of these patterns; null when the text does not fit it.
create or replace macro parse_date(s, pattern) as
  cast(case pattern
    when 'yyyy-MM-dd' then try_strptime(s, '%Y-%m-%d')
    when 'dd-MM-yyyy' then try_strptime(s, '%d-%m-%Y')
    when 'dd-MM-yy' then try_strptime(s, '%d-%m-%y')
    when 'dd/MM/yyyy' then try_strptime(s, '%d/%m/%Y')
    when 'dd/MM/yy' then try_strptime(s, '%d/%m/%y')
    when 'MM/dd/yyyy' then try_strptime(s, '%m/%d/%Y')
    when 'MMMM d, yyyy' then try_strptime(s, '%B %d, %Y')
    when 'd-MMM-yy' then try_strptime(s, '%d-%b-%y')
  end as date);

-- Text without characters that cannot be seen: zero-width, direction marks, soft hyphens, byte-order
-- marks, controls; no-break and other odd spaces become plain ones.
create or replace macro strip_invisible(s) as
  regexp_replace(regexp_replace(s, '[\x{00A0}\x{1680}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}]', ' ', 'g'),
    '[\x{00AD}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2064}\x{2066}-\x{206F}\x{FEFF}\x{0000}-\x{0008}\x{000E}-\x{001F}\x{007F}]', '', 'g');

-- Text folded for comparison: no accents, lower case, letters and digits only, single spaces.
create or replace macro fold(s) as
  trim(regexp_replace(lower(strip_accents(s)), '[^\p{L}\p{N}]+', ' ', 'g'));
