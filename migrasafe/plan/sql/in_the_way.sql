(
          SELECT string_agg(format('pid %s (%s, %s)', pid, application_name, state), '; ') FROM pg_stat_activity
          WHERE pid IN (SELECT pid FROM pg_locks WHERE granted AND relation = ANY (ARRAY[{tables}]::regclass[]))
            AND pid <> pg_backend_pid())
