-- The schema that the service is configured with; migrasafe shows the template's option as its name.
CREATE SCHEMA namespace;
