PERFORM FROM {table} AS here WHERE {here_of_changed} FOR NO KEY UPDATE;
    UPDATE {table} AS here SET ({columns}) = (SELECT {link_columns} FROM {link} AS link WHERE {link_of_here} ORDER BY {link_columns} LIMIT 1)
      WHERE {here_of_changed} AND NOT EXISTS (SELECT FROM {link} AS link WHERE {link_of_here} AND {link_says_here})
        AND ({here_given} OR EXISTS (SELECT FROM {link} AS link WHERE {link_of_here}));
