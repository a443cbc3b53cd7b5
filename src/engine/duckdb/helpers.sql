-- Helper functions of the portable SQL: the Spark engine defines functions of the same names. One
-- statement each; a model's fingerprint covers the ones that it names.

-- Splits a list in one cell at commas, or a JSON array into its elements, trims its parts and drops the empty ones.
create or replace macro split_list(s) as
  list_filter(list_transform(case
    when starts_with(s, '["') and json_valid(s) then cast(json(s) as varchar[])
    else string_split(s, ',')
  end, lambda x: trim(x)), lambda x: x <> '');

-- Rows from a list: from t, lateral explode(split_list(t.casts)) as u(name).
create or replace macro explode(l) as table select unnest(l) as col;

-- Rows from a list with their position from 0: lateral posexplode(l) as u(pos, col).
create or replace macro posexplode(l) as table
  select unnest(range(len(l))) as pos, unnest(l) as col;

-- A surrogate key of up to 52 bits (exact in a double, hence in JSON) from the natural key's text.
create or replace macro surrogate_key(natural_key) as
  cast('0x' || substr(md5(natural_key), 1, 13) as bigint);

-- A date from text by one of these patterns; null when the text does not fit it, or no pattern is so
-- called. MMMM is a month's name, MMM its first three letters, d a day with or without a leading zero.
create or replace macro parse_date(s, pattern) as
  cast(case when contains(pattern, 'yyyy') and not regexp_matches(s, '[0-9]{4}') then null
    else case pattern
      when 'yyyy-MM-dd' then try_strptime(s, '%Y-%m-%d')
      when 'dd-MM-yyyy' then try_strptime(s, '%d-%m-%Y')
      when 'dd-MM-yy' then try_strptime(s, '%d-%m-%y')
      when 'dd/MM/yyyy' then try_strptime(s, '%d/%m/%Y')
      when 'dd/MM/yy' then try_strptime(s, '%d/%m/%y')
      when 'MM/dd/yyyy' then try_strptime(s, '%m/%d/%Y')
      when 'MMMM d, yyyy' then try_strptime(s, '%B %d, %Y')
      when 'MMM d, yyyy' then try_strptime(s, '%b %d, %Y')
      when 'd MMMM yyyy' then try_strptime(s, '%d %B %Y')
      when 'd-MMM-yy' then try_strptime(s, '%d-%b-%y')
      when 'd-MMM-yyyy' then try_strptime(s, '%d-%b-%Y')
    end end as date);

-- Days from one date to a later one (negative when it is earlier).
create or replace macro days_between(from_date, to_date) as
  datediff('day', from_date, to_date);

-- Whether a pattern (regular expression without backslashes) is found in the text.
create or replace macro has_match(s, pattern) as
  regexp_matches(s, pattern);

-- The text with every match of a pattern replaced.
create or replace macro replace_matches(s, pattern, replacement) as
  regexp_replace(s, pattern, replacement, 'g');

-- Text without characters that cannot be seen: zero-width, direction marks, soft hyphens, byte-order
-- marks, controls; no-break and other odd spaces become plain ones.
create or replace macro strip_invisible(s) as
  regexp_replace(regexp_replace(s, '[\x{00A0}\x{1680}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}]', ' ', 'g'),
    '[\x{00AD}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2064}\x{2066}-\x{206F}\x{FEFF}\x{0000}-\x{0008}\x{000E}-\x{001F}\x{007F}]', '', 'g');

-- Text without spaces at its ends, and with every run of spaces, tabs and line breaks made one space.
create or replace macro squeeze_spaces(s) as
  trim(regexp_replace(s, '[\s\x{0085}]{2,}|[\t\n\f\r\x{0085}]', ' ', 'g'));

-- UTF-8 that was read as Windows-1252 ("Ã©" for "é") read again as UTF-8. Text that is not wholly such
-- stays as it is: every character must be one of Windows-1252, and their bytes valid UTF-8.
create or replace macro repair_mojibake(s) as
  case when regexp_matches(s, '[\x{00C2}-\x{00F4}][\x{0080}-\x{00BF}\x{0152}-\x{017E}\x{0192}\x{02C6}\x{02DC}\x{2013}-\x{203A}\x{20AC}\x{2122}]')
    then coalesce(try(decode(from_hex(array_to_string(list_transform(string_split(s, ''), lambda c: case
      when ascii(c) < 256 and length(c) = 1 then printf('%02x', ascii(c))
      else coalesce(substr('8082838485868788898a8b8c8e9192939495969798999a9b9c9e9f',
        2 * nullif(strpos('€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ', c), 0) - 1, 2), 'none') end), '')))), s)
    else s end;

-- Text as it should read: mis-decoded letters, invisible characters and odd spaces mended; null when
-- nothing is left.
create or replace macro clean_text(s) as
  case when regexp_full_match(s, '[!-~]+( [!-~]+)*') then s
    else nullif(squeeze_spaces(strip_invisible(repair_mojibake(s))), '') end;

-- A list in one cell without the commas that stand at its ends or follow one another.
create or replace macro strip_stray_commas(s) as
  nullif(regexp_replace(regexp_replace(s, '^[ ,]+|[ ,]+$', '', 'g'), ',[ ,]*,', ',', 'g'), '');

-- Text folded for comparison: no accents, lower case, letters and digits only, single spaces, & as and.
create or replace macro fold(s) as
  trim(regexp_replace(replace(lower(strip_accents(s)), '&', ' and '), '[^\p{L}\p{N}]+', ' ', 'g'));

-- Text, or null where it only says in words that there is no value.
create or replace macro blank_words(s) as
  case when strlen(s) > 15 or not regexp_full_match(s, '(?i:nan|nat|null|nil|none|n/a|#n/a|na|[(<\[]null[)>\]]|<na>|undefined|not given|not available|unknown|--?)?') then s end;

-- Whether text says anything: letters or figures that are no word for "no value".
create or replace macro says_something(s) as
  regexp_matches(s, '[\p{L}\p{N}]') and not regexp_full_match(s,
    '(?i)[\p{Z}\p{C}]*(nan|nat|null|nil|none|n/a|#n/a|na|[(<\[]null[)>\]]|<na>|undefined|not given|not available|unknown)[\p{Z}\p{C}]*');

-- The same as blank_words for names of persons and works, who may be called Null, Nan or Na: only words that no name
-- is, and those that programs write, in the case in which they write them.
create or replace macro blank_name_words(s) as
  case when strlen(s) > 15 or not regexp_full_match(s, '(NULL|null|NaN|nan|NAN|NaT|None|none|NONE|N/A|n/a|#N/A|NA|na|<NA>|undefined|(?i:[(<\[]null[)>\]]|not given|not available|unknown)|--?)?') then s end;

-- Whether letters were lost or misread: a question mark or a sign of another code page between two
-- letters (Beyonc?s, M‚xico), the replacement character, or what stays of UTF-8 read as Windows-1252.
create or replace macro has_lost_letters(s) as
  regexp_matches(s, '\p{L}[?ƒ‚„†‡‰¢£¤¥¦§¨¬¯±¶¸¼¾¿¡÷×]+\p{L}|[\x{FFFD}ƒ]|\p{L}[‚„‰]|[ÃÂ][\x{00A1}-\x{00BF}]|â€');

-- What an encoding cannot lose of a text: its ASCII characters without the question marks.
create or replace macro letters_kept(s) as
  regexp_replace(s, '[^ ->@-~]', '', 'g');

-- Whether the first text is the second with the letters that the second has lost.
create or replace macro restores_letters(whole, damaged) as
  coalesce(letters_kept(whole) = letters_kept(damaged) and length(letters_kept(whole)) > 2
    and regexp_matches(whole, '[^ -~]') and not has_lost_letters(whole)
    and (has_lost_letters(damaged)
      or length(replace(whole, '?', '')) - length(whole) > length(replace(damaged, '?', '')) - length(damaged)),
    false);

-- A whole number from text ("17", "17.0", "-3"); null when the text is anything else.
create or replace macro whole_number(s) as
  case when regexp_full_match(s, '[+-]?[0-9]{1,18}([.]0*)?')
    then try_cast(regexp_extract(s, '^[+]?(-?[0-9]+)', 1) as bigint) end;

-- An amount of dollars from text ("10", "$1,234.50", "10,50 USD"); null when the text is anything
-- else, another currency included.
create or replace macro parse_money(s) as
  try_cast(case
    when regexp_full_match(s, '-?[0-9]+([.][0-9]+)?') then s
    when regexp_full_match(s, '(?i)-?(usd?)? ?[$]? ?-?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)([.][0-9]+)? ?([$]|usd)?')
      then regexp_replace(s, '[^0-9.-]', '', 'g')
    when regexp_full_match(s, '(?i)-?(usd?)? ?[$]? ?-?([0-9]+|[0-9]{1,3}([.][0-9]{3})+),[0-9]{1,2} ?([$]|usd)?')
      then replace(regexp_replace(s, '[^0-9,-]', '', 'g'), ',', '.')
  end as decimal(18, 2));

-- A date from text that writes the day before the month, or the year first, or the month in letters
-- (15-01-22, 15/01/2022, 2022-01-15, 15-Jan-22, January 15, 2022), with or without a time after it.
-- Null when it fits none of these. A year of two digits is one of 1970 to 2069.
create or replace macro day_first_date(s) as
  try_cast(case
    when regexp_full_match(s, '[0-9]{2}[-/.][0-9]{2}[-/.][0-6][0-9]')
      then '20' || substr(s, 7, 2) || '-' || substr(s, 4, 2) || '-' || substr(s, 1, 2)
    when regexp_full_match(s, '(19|20)[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2}([T ][0-9]{1,2}:.*)?')
      then regexp_replace(s, '^([0-9]+).([0-9]+).([0-9]+).*$', '\1-\2-\3')
    when regexp_full_match(s, '[0-9]{1,2}[-/.][0-9]{1,2}[-/.](19|20)[0-9]{2}( [0-9]{1,2}:.*)?')
      then regexp_replace(s, '^([0-9]+).([0-9]+).([0-9]+).*$', '\3-\2-\1')
    when regexp_full_match(s, '[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-6][0-9]( [0-9]{1,2}:.*)?')
      then regexp_replace(s, '^([0-9]+).([0-9]+).([0-9]+).*$', '20\3-\2-\1')
    when regexp_full_match(s, '[0-9]{1,2}[-/.][0-9]{1,2}[-/.][7-9][0-9]( [0-9]{1,2}:.*)?')
      then regexp_replace(s, '^([0-9]+).([0-9]+).([0-9]+).*$', '19\3-\2-\1')
    when regexp_full_match(s, '[0-9]{1,2}[- ][A-Za-z]+[- ](19|20)[0-9]{2}|[A-Za-z]+ [0-9]{1,2}, ?(19|20)[0-9]{2}')
      then strftime(try_strptime(s, ['%d-%b-%Y', '%d %b %Y', '%d-%B-%Y', '%d %B %Y', '%B %d, %Y', '%b %d, %Y']), '%Y-%m-%d')
    when regexp_full_match(s, '[0-9]{1,2}[- ][A-Za-z]+[- ][0-6][0-9]')
      then strftime(try_strptime(regexp_replace(s, '(..)$', '20\1'), ['%d-%b-%Y', '%d %b %Y', '%d-%B-%Y', '%d %B %Y']), '%Y-%m-%d')
    when regexp_full_match(s, '[0-9]{1,2}[- ][A-Za-z]+[- ][7-9][0-9]')
      then strftime(try_strptime(regexp_replace(s, '(..)$', '19\1'), ['%d-%b-%Y', '%d %b %Y', '%d-%B-%Y', '%d %B %Y']), '%Y-%m-%d')
  end as date);

-- The number of a month by its name or the beginning of it, folded: in English, French, German, Spanish,
-- Portuguese and Italian. Null when no month is so called.
create or replace macro month_number(word) as
  try_cast(nullif(regexp_extract(' january=01 jan=01 januar=01 janvier=01 janv=01 janeiro=01 jaenner=01 janner=01 gennaio=01 gen=01 enero=01 ene=01'
      || ' february=02 feb=02 februar=02 febrero=02 febr=02 febbraio=02 fevrier=02 fevereiro=02 fev=02 fevr=02'
      || ' march=03 mar=03 mars=03 marz=03 marzo=03 marco=03 maerz=03 mrz=03'
      || ' april=04 apr=04 aprile=04 avril=04 avr=04 abril=04 abr=04'
      || ' may=05 mayo=05 mai=05 maio=05 maggio=05 mag=05'
      || ' june=06 jun=06 juni=06 junio=06 junho=06 juin=06 giugno=06 giu=06'
      || ' july=07 jul=07 juli=07 julio=07 julho=07 juillet=07 juil=07 luglio=07 lug=07'
      || ' august=08 aug=08 aout=08 agosto=08 ago=08'
      || ' september=09 sep=09 sept=09 septembre=09 septiembre=09 settembre=09 setembro=09 setiembre=09 set=09 sett=09'
      || ' october=10 oct=10 octobre=10 octubre=10 oktober=10 okt=10 outubro=10 out=10 ottobre=10 ott=10'
      || ' november=11 nov=11 novembre=11 noviembre=11 novembro=11'
      || ' december=12 dec=12 decembre=12 dezember=12 dez=12 dezembro=12 diciembre=12 dicembre=12 dic=12',
    ' ' || nullif(replace_matches(word, '[^a-z]', ''), '') || '=([0-9]+)', 1), '') as integer);

-- A date from folded text with the month in letters: 25 septembre 2021, 1er aout 21, 25 de mayo de 2021.
create or replace macro named_month_date(folded) as
  try_cast(list_transform([regexp_replace(regexp_replace(regexp_replace(folded,
      '^([a-z]+) ([0-9]{1,2})(?:st|nd|rd|th)? ((?:19|20)[0-9]{2})$', '\3-\1-\2'),
      '^([0-9]{1,2})(?:er|o)? (?:de |di )?([a-z]+) (?:de |del )?((?:19|20)?[0-9]{2})(?: [0-9]{1,2} [0-9]{2}.*)?$', '\3-\2-\1'),
      '^([0-6][0-9])-([a-z]+)', '20\1-\2')],
    lambda d: regexp_extract(d, '^[0-9]{4}-') || month_number(regexp_extract(d, '[a-z]+'))
      || regexp_extract(d, '-[0-9]{1,2}$'))[1] as date);

-- Text of a date in figures with its first two parts exchanged.
create or replace macro swap_day_and_month(s) as
  regexp_replace(s, '^([0-9]{1,2})([-/.])([0-9]{1,2})([-/.][0-9]{2})', '\3\2\1\4');

-- As day_first_date, for text that writes the month before the day.
create or replace macro month_first_date(s) as
  day_first_date(swap_day_and_month(s));

-- A date from a whole number of five digits, as spreadsheets count days.
create or replace macro serial_date(s) as
  case when regexp_full_match(s, '[2-7][0-9]{4}')
    then cast(cast('1899-12-30' as date) + to_days(cast(s as integer)) as date) end;

-- Whether a row's _convention says this word of a column.
create or replace macro is_written(convention, col, word) as
  coalesce(contains(convention, ';' || col || '=' || word || ';'), false);

-- Text of a date in figures with the day before the month, by the convention of its column. Where that is
-- undecided, null for what can be read in two ways. Other text stays as it is.
create or replace macro day_before_month(s, convention, col) as
  case
    when not regexp_matches(s, '^[0-9]{1,2}[-/.][0-9]{1,2}[-/.]') then s
    when is_written(convention, col, 'month_first') then swap_day_and_month(s)
    when not is_written(convention, col, 'undecided') then s
    when regexp_matches(s, '^[0-9]+.(1[3-9]|[2-9][0-9])[-/.]') then swap_day_and_month(s)
    when regexp_matches(s, '^(1[3-9]|[2-9][0-9])') then s
    when ltrim(regexp_extract(s, '^[0-9]+'), '0') = ltrim(regexp_extract(s, '^[0-9]+.([0-9]+)', 1), '0') then s
  end;

-- As day_first_date, with the names of months that month_number knows.
create or replace macro date_in(s) as
  coalesce(day_first_date(s), case when regexp_matches(s, '[^0-9 :/.TZ+-]') then named_month_date(fold(s)) end);

-- A date by the convention of its column, which the row's _convention holds. A value that does not fit it is
-- null; where nothing is known of the column the day comes first; where it is undecided only values that can
-- be read in one way are.
create or replace macro date_by(s, convention, col) as
  case when is_written(convention, col, 'day_serial') then serial_date(s)
    when regexp_full_match(s, '(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}') then try_cast(s as date)
    when is_written(convention, col, 'month_first') or is_written(convention, col, 'undecided')
      then list_transform([day_before_month(s, convention, col)], lambda d: date_in(d))[1]
    else date_in(s)
  end;

-- Text of an amount without the sign or code of the currency that its column is in: dollars where the row's
-- _convention says no other. What is in another currency keeps its sign.
create or replace macro strip_currency(s, convention, col) as
  case when regexp_full_match(s, '[0-9.,-]+') then s
    else trim(regexp_replace(s, case
      when is_written(convention, col, 'EUR') then '(?i)€|EUROS?|EUR'
      when is_written(convention, col, 'GBP') then '(?i)£|GBP'
      when is_written(convention, col, 'BRL') then '(?i)R[$]|BRL'
      when is_written(convention, col, 'JPY') then '(?i)¥|JPY'
      when is_written(convention, col, 'INR') then '(?i)₹|RS[.]|INR'
      else coalesce('(?i)' || nullif(regexp_extract(convention, ';' || col || '=([A-Z]{3});', 1), ''),
        '(?i)(US)?[$]|USD?')
    end, '', 'g'))
  end;

-- A number from text with a decimal comma, groups of three digits between points, spaces or apostrophes.
create or replace macro comma_number(s) as
  try_cast(case when regexp_full_match(s, '[+-]?([0-9]+|[0-9]{1,3}([. \x{27}\x{A0}\x{2019}\x{202F}][0-9]{3})+)(,[0-9]+)?')
    then replace(regexp_replace(s, '[^0-9,-]', '', 'g'), ',', '.') end as decimal(18, 6));

-- The same with a decimal point, groups between commas, spaces or apostrophes.
create or replace macro point_number(s) as
  try_cast(case
    when regexp_full_match(s, '-?[0-9]+([.][0-9]+)?') then s
    when regexp_full_match(s, '[+-]?([0-9]+|[0-9]{1,3}([, \x{27}\x{A0}\x{2019}\x{202F}][0-9]{3})+)([.][0-9]+)?')
      then regexp_replace(s, '[^0-9.-]', '', 'g')
  end as decimal(18, 6));

-- An amount by the convention of its column, which the row's _convention holds: its decimal sign, its currency.
-- A value that does not fit it is null; where nothing is known of the column each value is read by itself.
create or replace macro amount_by(s, convention, col) as
  case when regexp_full_match(s, '-?[0-9]{1,11}') then try_cast(s as decimal(18, 6))
    else list_transform([strip_currency(s, convention, col)], lambda n: case
      when is_written(convention, col, 'decimal_comma') then comma_number(n)
      when is_written(convention, col, 'decimal_point') then point_number(n)
      when is_written(convention, col, 'undecided') and regexp_matches(n, '[0-9],[0-9]{3}([^0-9]|$)') then null
      else coalesce(point_number(n), comma_number(n))
    end)[1]
  end;

-- Minutes from the text of a duration: 90 min, 1h 30m, 1 hr 30 min, 1:30:00, PT1H30M. Null when it is none.
create or replace macro minutes_in(s) as
  case
    when regexp_full_match(s, '(?i)[0-9]{1,5} *(m|mins?|minutes?|minuten|minutos?|minut[oi])[.]?') then try_cast(regexp_extract(s, '[0-9]+') as integer)
    when regexp_full_match(s, '(?i)(pt)?[0-9]{1,3} *(h|hrs?|hours?)[.]?(,? *(and )?[0-9]{1,2} *(m|mins?|minutes?)?[.]?)?')
      then try_cast(regexp_extract(s, '([0-9]+)', 1) as integer) * 60
        + coalesce(try_cast(regexp_extract(s, '[a-zA-Z.,] *([0-9]{1,2}) *[a-zA-Z.]*$', 1) as integer), 0)
    when regexp_full_match(s, '(?i)pt[0-9]{1,4}m') then try_cast(regexp_extract(s, '[0-9]+') as integer)
    when regexp_full_match(s, '[0-9]{1,2}:[0-5][0-9]:[0-5][0-9]')
      then try_cast(regexp_extract(s, '^[0-9]+') as integer) * 60 + try_cast(regexp_extract(s, ':([0-9]+):', 1) as integer)
  end;

-- Seasons from text, in the languages that month_number knows: 2 Seasons, 1 Staffel, 3 temporadas.
create or replace macro seasons_in(s) as
  case when regexp_full_match(s, '(?i)[0-9]{1,3} *(seasons?|staffeln?|saisons?|temporadas?|stagion[ei])')
    then try_cast(regexp_extract(s, '[0-9]+') as integer) end;

-- The year in text that is a year or a date (2020, 2020.0, 2020-01-01, 2020-01-01T00:00:00Z, 01/01/2020).
create or replace macro year_in(s) as
  case
    when regexp_full_match(s, '(18|19|20)[0-9]{2}([.]0+)?([-/.][0-9]{1,2}[-/.][0-9]{1,2}([T ][0-9].*)?)?')
      then try_cast(substr(s, 1, 4) as integer)
    when regexp_full_match(s, '[0-9]{1,2}[-/.][0-9]{1,2}[-/.](18|19|20)[0-9]{2}') then try_cast(right(s, 4) as integer)
  end;

-- The text of a list in one cell with commas between its parts: JSON arrays, and lists between ; or |. An array
-- of which an element has a comma itself stays one; split_list takes it apart.
create or replace macro comma_list(s) as
  list_transform([s], lambda l: case
    when not regexp_matches(l, '[|;[]') then l
    when regexp_full_match(l, '[[].*[]]') and json_valid(l) then list_transform(
      [list_filter(cast(json(l) as varchar[]), lambda x: trim(x) <> '')],
      lambda parts: case
        when contains(array_to_string(parts, ''), ',') then cast(to_json(parts) as varchar)
        else array_to_string(parts, ', ')
      end)[1]
    when regexp_full_match(l, '[[] *\x{27}.*\x{27} *[]]')
      then regexp_replace(regexp_replace(l, '^[[] *\x{27}|\x{27} *[]]$', '', 'g'), '\x{27} *, *\x{27}', ', ', 'g')
    when contains(l, '|') then regexp_replace(l, ' *[|] *', ', ', 'g')
    when contains(l, ';') then regexp_replace(l, ' *; *', ', ', 'g')
    else l
  end)[1];

-- The key of a day in dim_date: yyyymmdd.
create or replace macro date_key(d) as
  cast(year(d) * 10000 + month(d) * 100 + day(d) as integer);

-- The first day of a date's month.
create or replace macro first_of_month(d) as
  cast(date_trunc('month', d) as date);

-- A date some days later (negative: earlier).
create or replace macro add_days(d, days) as
  cast(d + to_days(cast(days as integer)) as date);

-- A date some months later (negative: earlier); the last day of the month where it has no such day.
create or replace macro add_months(d, months) as
  cast(d + to_months(cast(months as integer)) as date);

-- Every day from one date to another, both included; empty when the second is earlier.
create or replace macro day_range(first_date, last_date) as
  list_transform(generate_series(cast(first_date as timestamp), cast(last_date as timestamp), interval 1 day),
    lambda d: cast(d as date));

-- The first day of every month from one date's to another's, both included; empty when the second is
-- earlier.
create or replace macro month_range(first_date, last_date) as
  list_transform(generate_series(date_trunc('month', cast(first_date as timestamp)),
    date_trunc('month', cast(last_date as timestamp)), interval 1 month), lambda m: cast(m as date));
