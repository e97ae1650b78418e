SELECT {skip} AS skip, {leftover} AS leftover \gset
\if :skip
\echo '{id}: nothing to do'
\else
SET lock_timeout = 0;
SET statement_timeout = 0;
\if :leftover
{clear}
\endif
{statements}
\endif
