-- A row is a user, as known on 30 June 2022.
-- writes: raw/netflix_userbase/drop=2022-06-30/Netflix Userbase.csv
copy (from userbase_lines(date '2022-06-30'))
to (getvariable('output')) (format csv, header false, delim '\t', quote '', escape '');
