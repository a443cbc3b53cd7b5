-- A row is an IMDb title that was rated: about one in seven, the catalogue's nearly always.
-- writes: raw/imdb/title.ratings.tsv.gz
copy (
  select tconst,
    greatest(1, least(10, if(k is null, 6.9, 6.5) + 1.3 * normal(h, 50)
      + 0.1 * normal(h, 52)))::decimal(3, 1) as "averageRating",
    -- Log-normal: half have fewer than 26 votes, one in ten thousand more than 100,000.
    5 + floor(if(k is null, exp(3.1 + 2.3 * normal(h, 52)),
      exp(6.5 + 4.5 * appeal + 1.4 * normal(h, 52))))::bigint as "numVotes"
  from imdb_titles()
  where if(k is not null, chance(h, 54, 0.98), chance(h, 54,
    case title_type when 'tvEpisode' then 0.090 when 'short' then 0.15 when 'movie' then 0.47
      when 'tvSeries' then 0.34
      when 'tvMovie' then 0.36 when 'tvMiniSeries' then 0.35 when 'videoGame' then 0.4
        else 0.2 end))
) to (getvariable('output')) (format csv, header, delim '\t', quote '', escape '', nullstr '\N');
