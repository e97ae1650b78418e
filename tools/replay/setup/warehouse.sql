-- A type of the app's own package, as its class would be rendered.
CREATE DOMAIN "TZDateTime" AS timestamp;
