-- What types do the parameters of a prepared statement have?
SELECT parameter_types::oid[]::bigint[] FROM pg_prepared_statements WHERE name = 'migrasafe_try'
