"""Where it runs: Airflow on one machine."""
