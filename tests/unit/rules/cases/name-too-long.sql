-- case: each
CREATE TABLE a_name_that_is_so_long_that_it_does_not_fit_into_sixty_three_bytes (id bigint);
CREATE TABLE a_name_that_is_long_but_still_fits_into_sixty_three_bytes_12345 (id bigint);
CREATE TABLE "ein Name mit vielen Umläuten wie ÄÖÜäöüÄÖÜäöüÄÖÜäöüÄÖÜäöü" (id bigint, id2 bigint);
CREATE TABLE short (a_column_that_is_so_long_that_it_does_not_fit_into_sixty_three_bytes bigint, CHECK (a_column_that_is_so_long_that_it_does_not_fit_into_sixty_three_bytes > 0));
CREATE TABLE comment (note text DEFAULT 'a_text_that_is_so_long_that_it_does_not_fit_into_sixty_three_bytes_but_may');
CREATE TABLE one (два_столбца_с_очень_длинным_именем bigint);
SELECT a_name_that_is_so_long_that_it_does_not_fit_into_sixty_three_bytes_either;
