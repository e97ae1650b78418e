-- Who may call {new}: those who may call what it takes the place of. Where nothing was said of that, nothing is said here.
DO $migrasafe$
DECLARE
  one record;
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_proc WHERE oid = {old}::pg_catalog.regprocedure AND proacl IS NOT NULL) THEN
    REVOKE ALL ON {kind} {new} FROM PUBLIC;
    FOR one IN
      SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(grantee)) END AS role,
        CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS option
      FROM pg_catalog.pg_proc, pg_catalog.aclexplode(proacl)
      WHERE pg_proc.oid = {old}::pg_catalog.regprocedure AND grantee <> proowner
    LOOP
      EXECUTE pg_catalog.format('GRANT EXECUTE ON %s %s TO %s%s', {kind_text}, {new_text}, one.role, one.option);
    END LOOP;
  END IF;
END $migrasafe$
